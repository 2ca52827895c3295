from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.provenance import provenance


def test_digests_of_data_name_their_tasks(tiny):
    row = tiny.rows["erm"]
    facts = dict(provenance(row))
    digests = {name: part.results[0].data_sha256 for name, part in row.items()}
    assert facts["Data SHA-256"] == "; ".join(f"{name}: {digest}" for name, digest in digests.items())


def test_the_process_of_the_consistency_check_is_in_words(tiny):
    result = tiny.rows["erm"]["small-text"].results[0]
    shown = {}
    for worker in ("same", "fresh"):
        check = ConsistencyCheck(rows=64, worker=worker)
        made = result.model_copy(update={"provenance": result.provenance.model_copy(update={"consistency": check})})
        shown[worker] = dict(provenance({"small-text": TaskRow((made,))}))["Consistency check"]
    assert shown["same"] == "64 predictions recomputed in the same process"
    assert shown["fresh"] == "64 predictions recomputed in a fresh process"
