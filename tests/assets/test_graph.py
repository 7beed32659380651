"""What an operator finds in the UI before anything has run: the graph, explained, in the order of the flow."""

import dagster as dg
import pytest

from tests.assets.graph import SNAPSHOT, described
from vawg_opendata import flow
from vawg_opendata.assets.months import PARTITIONED, RECORDS
from vawg_opendata.definitions import defs
from vawg_opendata.products import PRODUCTS

GRAPH = defs.resolve_asset_graph()
KEYS = sorted(GRAPH.get_all_asset_keys(), key=lambda key: key.path)
STAGES = ["landing", "records", "statistics", "anonymisation", "packages", "pages"]


def named(key) -> str:
    return key.to_user_string()


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_an_asset_explains_itself(key):
    node = GRAPH.get(key)
    assert len(node.description) > 20
    assert node.owners and node.kinds
    assert node.group_name in STAGES


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_the_flow_has_one_direction(key):
    node = GRAPH.get(key)
    for parent in node.parent_keys:
        assert STAGES.index(GRAPH.get(parent).group_name) <= STAGES.index(node.group_name)
    assert bool(node.parent_keys) == (node.group_name != "landing")


@pytest.mark.parametrize("schema", [schema for tables in flow.RECORD_TABLES.values() for schema in tables], ids=lambda schema: schema.name)
def test_a_record_table_shows_its_columns_as_declared(schema):
    shown = GRAPH.get(next(key for key in KEYS if key.path == ["records", schema.name])).metadata["dagster/column_schema"]
    assert [column.name for column in shown.columns] == list(schema.names)
    assert [column.type for column in shown.columns] == [field.type for field in schema.fields]
    assert [column.constraints.nullable for column in shown.columns] == [not field.required for field in schema.fields]


def test_every_product_and_every_measure_has_its_assets():
    paths = {tuple(key.path) for key in KEYS}
    for product in PRODUCTS.values():
        assert ("statistics", product.name) in paths
        assert ("packages", product.audience, product.name) in paths
        for measure in product.measures:
            assert ("protected", product.audience, measure.name) in paths


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.name)
def test_whatever_order_steps_take_no_version_is_published_before_all_that_shares_a_measure_is_protected(product):
    """What is published decides about the patterns of what comes later, so the same run could give other bytes; records stand beside the patterns of all."""
    package = next(key for key in KEYS if key.path == ["packages", product.audience, product.name])
    before = {tuple(key.path) for key in GRAPH.get_ancestor_asset_keys(package)}
    measures = {measure.name for measure in product.measures}
    sharing = {("protected", one.audience, measure.name) for one in PRODUCTS.values() for measure in one.measures if measure.name in measures}
    sharing |= {("protected", one.audience, measure) for one, measure in flow.counted_beside(product)}
    assert sharing and sharing <= before


def test_checks_stop_the_flow_except_where_only_a_person_can_judge():
    blocking = {(named(check.asset_key), check.name): GRAPH.get_check_spec(check).blocking for check in GRAPH.asset_check_keys}
    for_people = {"reconciliation", "magnitude", "category_drift", "completeness", "as_new_as_it_should_be"}
    assert all(stops == (name not in for_people) for (_, name), stops in blocking.items())
    checked = {asset for asset, _ in blocking}
    counts_by_period = {asset.key for asset in PARTITIONED if asset not in RECORDS}
    unchecked = {key for key in KEYS if GRAPH.get(key).group_name in ("records", "statistics", "packages")} - counts_by_period
    assert all(named(key) in checked for key in unchecked)


def test_the_job_materialises_everything_that_does_not_come_in_periods_and_other_jobs_the_rest():
    made = {name: set(defs.resolve_job_def(name).asset_layer.executable_asset_keys) for name in ("publish", "months", "years")}
    periods = {asset.key for asset in PARTITIONED}
    assert made["publish"] == set(KEYS) - periods
    assert made["months"] | made["years"] == periods and not made["months"] & made["years"]


@pytest.mark.parametrize(("name", "period"), [("months", "2024-01"), ("years", "2024")])
def test_a_backfill_takes_one_process_unless_it_asks_for_more(name, period):
    """It can ask, because the job has no configuration of its own: Dagster refuses a backfill with another."""
    job = defs.resolve_job_def(name)
    asked = (None, {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}})
    assert [next(iter(dg.validate_run_config(job, one)["execution"]["in_process_or_multi"])) for one in asked] == ["in_process", "multiprocess"]
    assert job.partitioned_config.get_run_config_for_partition_key(period) == {}


def test_the_graph_is_as_its_text_says():
    """A change of the graph shows in a pull request as text. To renew it: python -m tests.assets.graph"""
    assert SNAPSHOT.read_text(encoding="utf-8") == described(), "the graph has changed: look at the change, then python -m tests.assets.graph"
