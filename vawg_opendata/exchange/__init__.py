"""What machines share when steps run on several: the state of the work folder and of the published folder, in an object store.

The steps, DuckDB and Arrow work on local folders, and so does publishing, which needs renames and locks that an object store does
not have. So each machine has folders of its own, and a store holds their state: before a step its folders are brought to the newest
state, and what it changed is committed afterwards (`folders`). A commit appears whole or not at all, and never over another
(`log`). Where no store is set, nothing of this happens. It does not take packages to readers: that is `delivery`.
"""

from vawg_opendata.exchange.folders import shared
from vawg_opendata.exchange.log import ConflictError, StoreError

__all__ = ["ConflictError", "StoreError", "shared"]
