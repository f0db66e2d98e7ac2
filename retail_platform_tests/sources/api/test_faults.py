"""Each fault strikes what it should, as it should, and nothing else."""

import json
from collections import Counter
from datetime import date, timedelta

import httpx
import polars as pl
import pytest

from retail_platform.sources.api.faults import Faults
from retail_platform.sources.api.serve import ApiServer
from retail_platform_tests.sources.api.conftest import DAY, NOON, Clock, fetched

NEXT_DAY = "2026-03-03"


def status(client: httpx.Client, dataset: str = "sales", **parameters: str) -> int:
    if dataset in {"sales", "footfall"}:
        parameters = {"date": DAY, "limit": "10", **parameters}
    return client.get(f"/{dataset}", params=parameters).status_code


def test_outage_by_wall_time_strikes_everything_while_it_lasts(
    api: ApiServer, client: httpx.Client, clock: Clock
) -> None:
    begins, ends = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    api.faults.change(outages=[{"begins": begins.isoformat(), "ends": ends.isoformat()}])

    seen = []
    for _ in range(3):
        seen.append((status(client), status(client, "stores")))
        clock.pass_by(hours=1)

    assert seen == [(200, 200), (503, 503), (200, 200)]
    assert client.get("/health").status_code == 200


def test_outage_by_business_date_strikes_its_days(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(outages=[{"first_day": DAY, "last_day": DAY}])

    assert [status(client), status(client, date=NEXT_DAY), status(client, "stores")] == [503, 200, 200]


def test_errors_are_drawn_for_each_request_so_that_a_retry_can_succeed(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(error_rate=0.4, retry_after=7)

    answers = [client.get("/stores") for _ in range(100)]

    assert Counter(answer.status_code for answer in answers).keys() == {200, 429, 500, 502}
    assert 25 <= sum(answer.status_code != 200 for answer in answers) <= 55
    assert {answer.headers.get("Retry-After") for answer in answers if answer.status_code == 429} == {"7"}
    assert all("error" in answer.json() for answer in answers if answer.status_code != 200)


def test_draws_depend_on_seed_page_and_attempt_alone(api: ApiServer, client: httpx.Client) -> None:
    def drawn(seed: int, disturbed: bool) -> list[int]:
        api.faults.set(Faults(seed=seed, error_rate=0.5, error_statuses=(500,)))
        seen = []
        for _ in range(20):
            seen.append(status(client))
            if disturbed:
                status(client, date=NEXT_DAY)
        return seen

    assert drawn(1, disturbed=False) == drawn(1, disturbed=True) != drawn(2, disturbed=False)


def test_only_chosen_statuses_are_answered(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(error_rate=1, error_statuses=[502])

    assert {status(client) for _ in range(10)} == {502}


def test_latency_delays_the_answer(api: ApiServer, client: httpx.Client) -> None:
    status(client)
    api.faults.change(latency=0.2)

    assert client.get("/stores").elapsed >= timedelta(seconds=0.2)
    assert api.requests[-1].seconds >= 0.2


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_truncated_json_is_no_json_and_not_what_was_promised(api: ApiServer, client: httpx.Client, coding: str) -> None:
    whole = client.get("/stores")
    api.faults.change(truncate_rate=1)

    cut = client.get("/stores", headers={"Accept-Encoding": coding})

    assert cut.status_code == 200
    assert cut.headers["X-Content-SHA256"] == whole.headers["X-Content-SHA256"]
    assert whole.content.startswith(cut.content)
    with pytest.raises(json.JSONDecodeError):
        cut.json()


def test_dropped_connection_ends_within_the_answer(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(drop_rate=1)

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/stores")

    api.faults.clear()
    assert status(client, "stores") == 200


def test_duplicated_page_does_not_add_up(api: ApiServer, client: httpx.Client) -> None:
    expected = len(fetched(client, "sales", date=DAY, store_id="S0001"))
    api.faults.change(duplicate_rate=1)
    first = client.get("/sales", params={"date": DAY, "store_id": "S0001"}).json()
    api.faults.clear()

    again = client.get("/sales", params={"date": DAY, "store_id": "S0001", "cursor": first["next_cursor"]}).json()

    assert again["rows"] == first["rows"]
    assert again["total_rows"] == expected
    assert first["row_count"] + again["row_count"] > expected


def test_missing_store_is_absent_in_silence(api: ApiServer, client: httpx.Client) -> None:
    whole = fetched(client, "sales", date=DAY)
    api.faults.change(missing_stores=["S0002"])

    rows = fetched(client, "sales", date=DAY)

    assert rows == [row for row in whole if row["store_id"] != "S0002"]
    assert fetched(client, "sales", date=DAY, store_id="S0002") == []
    assert len(fetched(client, "stores")) == 3


def test_store_fault_can_be_of_some_days_and_datasets(api: ApiServer, client: httpx.Client) -> None:
    fault = {"store_id": "S0002", "first_day": DAY, "last_day": DAY, "datasets": ["sales"]}
    api.faults.change(missing_stores=[fault])

    assert not fetched(client, "sales", date=DAY, store_id="S0002")
    assert fetched(client, "sales", date=NEXT_DAY, store_id="S0002")
    assert fetched(client, "footfall", date=DAY, store_id="S0002")


def test_late_store_comes_at_its_time(api: ApiServer, client: httpx.Client, clock: Clock) -> None:
    until = (NOON + timedelta(hours=1)).isoformat()
    api.faults.change(missing_stores=[{"store_id": "S0002", "until": until}])
    before = fetched(client, "sales", date=DAY, store_id="S0002")

    clock.pass_by(hours=1)

    assert (before, bool(fetched(client, "sales", date=DAY, store_id="S0002"))) == ([], True)


def test_failing_store_fails_alone_and_fails_the_whole_day(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(failing_stores=["S0002"])

    assert [status(client, store_id=store) for store in ("S0001", "S0002", "S0003")] == [200, 500, 200]
    whole = client.get("/sales", params={"date": DAY})
    assert (whole.status_code, "S0002" in whole.json()["error"]) == (500, True)
    assert status(client, "stores") == 200


@pytest.mark.parametrize("dataset", ["sales", "footfall"])
def test_corrected_day_differs_in_some_amounts_the_same_way_each_time(
    api: ApiServer, client: httpx.Client, dataset: str
) -> None:
    first, other_day = fetched(client, dataset, date=DAY), fetched(client, dataset, date=NEXT_DAY)
    api.faults.change(corrected_days=[DAY])

    second = fetched(client, dataset, date=DAY)

    assert second == fetched(client, dataset, date=DAY)
    assert other_day == fetched(client, dataset, date=NEXT_DAY)
    changed = [
        {name for name in old if old[name] != new[name]} for old, new in zip(first, second, strict=True) if old != new
    ]
    assert 0 < len(changed) < len(first) / 2
    assert set().union(*changed) == ({"unit_price", "net_amount"} if dataset == "sales" else {"visitors"})
    assert {row["store_id"] for row in second} == {
        new["store_id"] for old, new in zip(first, second, strict=True) if old != new
    }


def test_corrected_lines_still_hold_their_own_sums_and_duplicates_stay_equal(
    api: ApiServer, client: httpx.Client
) -> None:
    before = len({json.dumps(row) for row in fetched(client, "sales", date=DAY)})
    api.faults.change(corrected_days=[DAY])
    rows = fetched(client, "sales", date=DAY)

    money = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("unit_price", "discount", "net_amount").cast(pl.Decimal(18, 2))
    )

    off = money.filter((pl.col("quantity") * pl.col("unit_price") - pl.col("discount") - pl.col("net_amount")) != 0)
    assert off.is_empty()
    assert len({json.dumps(row) for row in rows}) == before


def test_faults_are_shown_set_and_cleared_at_run_time(client: httpx.Client) -> None:
    put = client.put("/faults", json={"error_rate": 1, "error_statuses": [500], "corrected_days": [DAY]})
    assert put.json() == client.get("/faults").json()
    assert put.json()["corrected_days"] == [DAY]
    assert status(client) == 500

    assert client.put("/faults", json={"latency": 0.001}).json()["error_rate"] == 0
    assert status(client) == 200

    assert Faults.model_validate(client.delete("/faults").json()) == Faults()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"eror_rate": 1}, "eror_rate: is not known"),
        ({"error_rate": 2}, "error_rate: "),
        ({"error_statuses": [404]}, "error_statuses"),
        ({"missing_stores": ["S0009"]}, "there are S0001 to S0003"),
        ({"outages": [{"begins": "2026-03-20T12:00:00"}]}, "outages.0.begins: "),
        ({"outages": [{"first_day": NEXT_DAY, "last_day": DAY}]}, "swap them"),
        ({"missing_stores": [{"store_id": "S0001", "datasets": ["sale"]}]}, "sale"),
    ],
)
def test_wrong_faults_are_refused_and_change_nothing(client: httpx.Client, wrong: dict, said: str) -> None:
    response = client.put("/faults", json=wrong)

    assert response.status_code == 422
    assert said in response.json()["error"]
    assert client.get("/faults").json() == Faults().model_dump(mode="json")


def test_handle_refuses_what_the_route_refuses(api: ApiServer) -> None:
    for wrong in ({"error_rate": 2}, {"missing_stores": ["S0009"]}, {"latencies": 1}):
        with pytest.raises(ValueError, match=r"error_rate|S0009|latencies"):
            api.faults.change(**wrong)

    assert api.faults.current == Faults()


def test_access_log_names_the_fault(api: ApiServer, client: httpx.Client) -> None:
    api.faults.change(outages=[{"first_day": DAY, "last_day": DAY}], failing_stores=["S0003"])
    status(client)
    status(client, date=NEXT_DAY, store_id="S0003")
    status(client, date=NEXT_DAY, store_id="S0001")

    assert [access.fault for access in api.requests] == ["outage", "failing store", None]
    assert date.fromisoformat(DAY) in {outage.first_day for outage in api.faults.current.outages}
