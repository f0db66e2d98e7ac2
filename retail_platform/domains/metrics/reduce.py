"""Row-level tables reduced to exact sums and counts: Narwhals, so that any engine can do it.

No division, no ratio and no window belongs here; `transform` builds those on the small results.
"""

import narwhals as nw


def product_sums(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Sum the sale lines of every store, day and product.

    Args:
        lines: `Sale` rows.

    Returns:
        One row per (date, store_id, product_id): `units`, `returns`, `revenue`, `discount` of completed lines,
        `tax_amount` and `freight_amount` with `tax_lines` and `freight_lines` (lines that state one), and
        `cancelled_lines`, `cancelled_amount`.
    """
    completed = nw.col("status") == "completed"
    quantity = nw.col("quantity")

    def of_completed(column: str) -> nw.Expr:
        return nw.when(completed).then(nw.col(column)).sum()

    def count(condition: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum()

    return lines.group_by("date", "store_id", "product_id").agg(
        units=of_completed("quantity"),
        returns=nw.when(completed & (quantity < 0)).then(-quantity).sum(),
        revenue=of_completed("net_amount"),
        discount=of_completed("discount"),
        tax_amount=of_completed("tax_amount"),
        tax_lines=count(completed & ~nw.col("tax_amount").is_null()),
        freight_amount=of_completed("freight_amount"),
        freight_lines=count(completed & ~nw.col("freight_amount").is_null()),
        cancelled_lines=count(~completed),
        cancelled_amount=nw.when(~completed).then(nw.col("net_amount")).sum(),
    )


def product_transactions(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Count the receipts with a positive completed line of every store, day and product.

    Returns:
        `date`, `store_id`, `product_id`, `transactions`.
    """
    keys = ["date", "store_id", "product_id"]
    return _sold(lines).select(*keys, "sale_id").unique().group_by(keys).agg(transactions=nw.len())


def hourly_sums(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Sum the completed sale lines of every store, day and hour.

    Returns:
        One row per (date, store_id, hour): `units`, `revenue`; a null hour holds lines without a time.
    """
    return (
        lines.filter(nw.col("status") == "completed")
        .group_by("date", "store_id", "hour")
        .agg(units=nw.col("quantity").sum(), revenue=nw.col("net_amount").sum())
    )


def hourly_transactions(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Count the receipts of every store, day, hour and channel; one over several hours in its first.

    A receipt with lines of both channels is of the store: its buyer came through the door.

    Returns:
        `date`, `store_id`, `hour`, `channel`, `transactions`.
    """
    receipt = ["date", "store_id", "sale_id"]
    place = ["date", "store_id", "hour", "channel"]
    in_store = nw.when(nw.col("channel") == "store").then(nw.lit(1)).otherwise(nw.lit(0))
    return (
        _sold(lines)
        .group_by(receipt)
        .agg(hour=nw.col("hour").min(), lines_in_store=in_store.sum())
        .with_columns(channel=nw.when(nw.col("lines_in_store") > 0).then(nw.lit("store")).otherwise(nw.lit("online")))
        .group_by(place)
        .agg(transactions=nw.len())
    )


def _sold(lines: nw.LazyFrame) -> nw.LazyFrame:
    return lines.filter((nw.col("status") == "completed") & (nw.col("quantity") > 0))
