-- One row an item; its price is the product's. The tax of an order is shared out over its items in
-- proportion to their prices, in the order of their ids: each item gets the cents by which the rounded-down
-- share of all items so far grows, so that the shares of an order sum to its tax. Items are numbered by id,
-- an item delivered twice keeps its number. Orders without items have no rows, no subtotal and no tax.
WITH item AS (
    SELECT items.id, any_value(order_id) AS order_id, any_value(TRY_CAST(price AS BIGINT)) AS price
    FROM items
    LEFT JOIN products USING (sku)
    GROUP BY items.id
),
running AS (
    SELECT
        id,
        order_id,
        row_number() OVER in_order AS line_number,
        coalesce(sum(price) OVER in_order, 0) AS so_far,
        coalesce(sum(price) OVER in_order, 0) - coalesce(price, 0) AS before,
        sum(price) OVER (PARTITION BY order_id) AS whole
    FROM item
    WINDOW in_order AS (PARTITION BY order_id ORDER BY id)
),
taxed AS (
    SELECT
        running.*,
        CASE WHEN regexp_full_match(tax_paid, '\d+') THEN
            (TRY_CAST(tax_paid AS BIGINT) * so_far // whole - TRY_CAST(tax_paid AS BIGINT) * before // whole)::VARCHAR
            ELSE tax_paid END AS tax
    FROM running
    LEFT JOIN orders ON orders.id = running.order_id
)
SELECT
    left(ordered_at, 10) AS date,
    store_id,
    items.order_id AS sale_id,
    line_number,
    'completed' AS status,
    replace(ordered_at, 'T', ' ') AS sold_at,
    'store' AS channel,
    customer AS client_id,
    sku AS product_id,
    1 AS quantity,
    cents(price) AS unit_price,
    cents(price) AS net_amount,
    cents(tax) AS tax_amount
FROM items
LEFT JOIN taxed ON taxed.id = items.id
LEFT JOIN orders ON orders.id = items.order_id
LEFT JOIN products USING (sku)
