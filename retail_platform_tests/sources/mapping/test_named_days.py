"""The days in files' names: a listing and a read know the same files."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from retail_platform.sources.mapping.files import open_folder
from retail_platform.sources.mapping.inputs import days_of
from retail_platform.sources.mapping.model import FilesInput
from retail_platform.sources.mapping.named_days import NamedDays

DAY = date(2026, 3, 5)
NAMES = {
    "{date}_*.csv": "2026-03-05_till_7.csv",
    "till_*_{date:%Y_%m_%d}.csv": "till_A_2026_03_05.csv",
    "{date:%Y%m%d}*.csv": "20260305a.csv",
    "*{date:%Y%m%d}*.csv": "7202603051.csv",
    "x{date:%d%b%Y}*.csv": "x05Mar2026late.csv",
    "x_{date:%Y%j}.csv": "x_2026064.csv",
    "**/day={date}/*.csv": "a/b/day=2026-03-05/2026-03-06.csv",
    "weeks/{date:%G-%V-%u}.csv": "weeks/2026-10-4.csv.gz",
}


@pytest.mark.parametrize(("path", "name"), NAMES.items())
def test_a_file_is_listed_for_the_day_that_a_read_finds_it_by(tmp_path: Path, path: str, name: str) -> None:
    layout = FilesInput(path=path, format="csv")
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("a\n1\n")
    folder = open_folder(str(tmp_path))

    read = [DAY + timedelta(days=off) for off in range(-400, 400)]
    found = [day for day, files in zip(read, folder.find([layout.path_of(day) for day in read]), strict=True) if files]

    assert found == [DAY]
    assert days_of(folder, layout) == found


@pytest.mark.parametrize("name", ["2026-02-30.csv", "2026-3-5.csv", "readme.csv", "2026-03-05.csv.old"])
def test_other_names_hold_no_day(name: str) -> None:
    assert NamedDays(FilesInput(path="sales/{date}.csv")).of(f"files/sales/{name}") == []


@pytest.mark.parametrize("form", ["%-d.%-m.%Y", "%m%d", "%Y-%m", "%Y%m%d%H", "%Y%m%d*", "day"])
def test_a_form_that_tells_no_day_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="tell year, month and day of fixed width"):
        FilesInput(path=f"sales/{{date:{form}}}.csv")
