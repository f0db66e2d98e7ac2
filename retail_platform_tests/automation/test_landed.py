"""What a look at the files changes of what is remembered: each file once, none lost, whatever times they bear."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.automation.landed import (
    Asked,
    Memory,
    Progress,
    first_look,
    from_text,
    key_of,
    look,
    owe,
    progress_of,
    settle,
    take,
    to_text,
    version_of,
)
from retail_platform.sources.mapping.changes import Touch
from retail_platform.windows import Window

FIRST = date(2026, 3, 1)
SPAN = Window(FIRST, FIRST + timedelta(days=4999))


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def touch(
    name: str, of: date | None = None, *, version: str = "1", whole: bool = True, dataset: str = "sales"
) -> Touch:
    return Touch(dataset, name, of, version, 0.0, whole)


def dated(number: int, version: str = "1", *, whole: bool = True) -> Touch:
    return touch(f"sales/{day(number)}.csv", day(number), version=version, whole=whole)


def days_of(memory: Memory) -> set[date]:
    return set(memory.days.get("sales", ()))


def test_a_new_file_touches_its_day_once() -> None:
    after, _ = look(Memory(), [dated(1)], SPAN)
    assert days_of(after) == {day(1)}

    asked = take(after, "a", but=frozenset(), at_most=10)
    again, _ = look(asked, [dated(1)], SPAN)

    assert days_of(again) == set()


def test_files_out_of_order_and_late_are_as_new_as_any() -> None:
    memory, _ = look(Memory(), [dated(5)], SPAN)
    memory = take(memory, "a", but=frozenset(), at_most=10)

    memory, _ = look(memory, [dated(2), dated(5), dated(1)], SPAN)

    assert days_of(memory) == {day(1), day(2)}


def test_a_file_replaced_under_its_name_is_new_by_its_version() -> None:
    memory, _ = look(Memory(), [dated(1, "10 bytes, etag a"), dated(2)], SPAN)
    memory = take(memory, "a", but=frozenset(), at_most=10)

    memory, _ = look(memory, [dated(1, "10 bytes, etag b"), dated(2)], SPAN)

    assert days_of(memory) == {day(1)}


def test_a_file_that_may_still_be_written_waits_until_two_looks_see_the_same() -> None:
    memory = Memory()
    for version, expected in (("1", 0), ("2", 0), ("2", 1)):
        memory, _ = look(memory, [dated(1, version, whole=False)], SPAN)
        assert len(days_of(memory)) == expected
    assert not look(memory, [dated(1, "2", whole=False)], SPAN)[0].waiting


def test_what_changed_of_the_same_day_is_waited_for() -> None:
    files = [touch("a.csv", day(1), whole=False), touch("b.csv", day(1), version="growing", whole=False)]
    memory, _ = look(Memory(), files, SPAN)

    files[1] = touch("b.csv", day(1), version="grown", whole=False)
    memory, _ = look(memory, [*files, dated(2)], SPAN)
    assert days_of(memory) == {day(2)}

    memory, _ = look(memory, [*files, dated(2)], SPAN)
    assert days_of(memory) == {day(1), day(2)}


def test_a_file_of_tomorrow_is_new_tomorrow() -> None:
    memory, _ = look(Memory(), [dated(2)], Window(day(1), day(1)))
    assert memory == Memory()

    assert days_of(look(memory, [dated(2)], Window(day(1), day(2)))[0]) == {day(2)}


def test_a_file_that_is_gone_touches_nothing_and_is_new_when_it_comes_back() -> None:
    seen = take(look(Memory(), [dated(1), dated(2)], SPAN)[0], "a", but=frozenset(), at_most=10)

    memory, _ = look(seen, [dated(2)], SPAN)
    assert days_of(memory) == set()
    assert days_of(look(memory, [dated(1), dated(2)], SPAN)[0]) == {day(1)}


def test_a_folder_that_is_not_mounted_for_a_while_changes_nothing() -> None:
    files = [dated(1), dated(2)]
    seen = take(look(Memory(), files, SPAN)[0], "a", but=frozenset(), at_most=10)

    for complete, there in ((True, []), (False, files[:1]), (True, files)):
        seen, _ = look(seen, there, SPAN, complete=complete)

    assert days_of(seen) == set()


def test_a_snapshot_is_asked_for_once_however_many_files_it_has() -> None:
    files = [touch(f"articles-{number}.csv", dataset="products") for number in range(50)]

    memory, to_compare = look(Memory(), files, SPAN)

    assert memory.tables == {"products"}
    assert not memory.days
    assert not to_compare


def test_files_for_all_days_are_compared_and_stay_new_until_they_are() -> None:
    archive = [touch("till.csv"), touch("till-2.csv")]

    memory, to_compare = look(Memory(), archive, SPAN)
    assert (to_compare, memory.seen) == ({"sales": archive}, {})

    memory = owe(memory, archive, days=[day(3), day(7)])
    assert days_of(memory) == {day(3), day(7)}
    assert look(memory, archive, SPAN)[1] == {}


def test_a_comparison_goes_on_where_it_stopped_unless_the_file_changed_again() -> None:
    archive = [touch("till.csv")]
    begun = progress_of(Memory(), archive, day(1))
    memory = Memory(compared={"sales": Progress(begun.of, day(5), frozenset({day(2)}))})

    assert progress_of(memory, archive, day(1)).next == day(5)
    assert progress_of(memory, [touch("till.csv", version="2")], day(1)) == Progress(
        progress_of(Memory(), [touch("till.csv", version="2")], day(1)).of, day(1)
    )


def test_the_first_look_leaves_out_what_was_made_since() -> None:
    files = [dated(1), dated(2), touch("articles.csv", dataset="products")]

    memory = first_look(files, lambda file: file.day == day(1))

    assert memory.seen == {key_of(files[0]): version_of(files[0])}
    assert look(memory, files, SPAN)[0].tables == {"products"}


def test_what_is_taken_is_the_oldest_free_days_and_the_rest_stays() -> None:
    memory, _ = look(Memory(), [dated(number) for number in range(1, 7)], SPAN)

    taken = take(memory, "a", but=frozenset({day(2)}), at_most=3)

    assert taken.asked == Asked("a", {"sales": frozenset({day(1), day(3), day(4)})}, frozenset())
    assert days_of(taken) == {day(2), day(5), day(6)}
    assert take(Memory(), "b", but=frozenset(), at_most=3).asked is None


def test_a_request_that_was_given_up_is_owed_again_and_one_that_is_over_is_not() -> None:
    made = tuple(
        Asked(id, {"sales": frozenset({day(of)})}, frozenset({id})) for id, of in (("a", 1), ("b", 2), ("c", 3))
    )
    memory = Memory(days={"sales": frozenset({day(5)})}, made=made)

    settled = settle(memory, over={"a"}, lost={"c"})

    assert (days_of(settled), settled.tables, settled.made) == ({day(3), day(5)}, {"c"}, (made[1],))
    assert settle(memory) == memory


def test_a_memory_survives_being_kept_and_5000_files_take_little() -> None:
    files = [dated(number, f"{number} bytes") for number in range(1, 5001)]
    seen = take(look(Memory(), files, SPAN)[0], "a", but=frozenset(), at_most=5000)
    memory = Memory(
        seen.seen,
        {"sales|x": "1"},
        {"sales": frozenset({day(1)})},
        frozenset({"products"}),
        {"footfall": Progress("x", day(3), frozenset({day(2)}))},
        seen.asked,
        (Asked("b", {"sales": frozenset({day(4)})}, frozenset({"clients"})),),
    )

    assert from_text(to_text(memory)) == memory
    assert len(to_text(memory)) < 150_000


@settings(max_examples=100, deadline=None)
@given(
    ticks=st.lists(
        st.tuples(st.dictionaries(st.integers(1, 12), st.sampled_from("abc")), st.frozensets(st.integers(1, 12))),
        max_size=8,
    )
)
def test_whatever_comes_in_whatever_order_each_version_is_asked_for_once(
    ticks: list[tuple[dict[int, str], frozenset[int]]],
) -> None:
    memory, there, asked, owed = Memory(), dict[int, str](), list[date](), list[date]()
    quiet = (dict[int, str](), frozenset[int]())
    for changes, busy in [*ticks, quiet, quiet]:
        owed += [day(number) for number, version in changes.items() if there.get(number) != version]
        there |= changes
        memory, _ = look(from_text(to_text(memory)), [dated(number, one) for number, one in there.items()], SPAN)
        memory = take(memory, "x", but=frozenset(map(day, busy)), at_most=12)
        asked += sorted(memory.asked.days["sales"]) if memory.asked else []
        memory = Memory(memory.seen, memory.waiting, memory.days, memory.tables, memory.compared)

    assert set(asked) == set(owed)
    assert all(asked.count(one) <= owed.count(one) for one in asked)
    assert memory.days == {}
