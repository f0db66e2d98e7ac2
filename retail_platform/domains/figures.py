"""How a day's key figures show in the Dagster UI, on whatever asset tells of them."""

from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from retail_platform.reports.material import Material


def metadata(material: "Material", language: str) -> dict[str, dg.MetadataValue[Any]]:
    """A small table and a summary with a plot; nothing of a day without rows."""
    from retail_platform.reports import summary

    if not material.shown or not material.rows.height:
        return {}
    records = [dg.TableRecord(dict(row)) for row in summary.table(material, language=language)]
    return {
        "key figures": dg.MetadataValue.table(records),
        "summary": dg.MetadataValue.md(summary.markdown(material, language=language)),
    }
