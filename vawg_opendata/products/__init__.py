"""The data products, one declaration per module, and the vocabularies they share.

`PRODUCTS` holds all of them by name, in the order in which they are built. A new product is one module here and one line
below.
"""

from vawg_opendata.products.declaration import Product
from vawg_opendata.products.female_homicide import FEMALE_HOMICIDE
from vawg_opendata.products.vawg_borough_profiles import VAWG_BOROUGH_PROFILES
from vawg_opendata.products.vawg_offences import VAWG_OFFENCES
from vawg_opendata.products.vawg_records import VAWG_RECORDS
from vawg_opendata.products.violence_and_sexual_offences import VIOLENCE_AND_SEXUAL_OFFENCES

PRODUCTS = {product.name: product for product in (VAWG_OFFENCES, FEMALE_HOMICIDE, VIOLENCE_AND_SEXUAL_OFFENCES, VAWG_BOROUGH_PROFILES, VAWG_RECORDS)}

__all__ = ["PRODUCTS", "Product"]
