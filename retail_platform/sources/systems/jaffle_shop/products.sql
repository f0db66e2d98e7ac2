-- A product costs what its supplies cost, and spoils if one of them does.
WITH supply AS (
    SELECT
        sku,
        CASE WHEN bool_and(regexp_full_match(cost, '\d+')) THEN sum(TRY_CAST(cost AS BIGINT))::VARCHAR
            ELSE string_agg(cost, ' + ') END AS cost,
        bool_or(lower(perishable) = 'true') AS perishable
    FROM supplies
    GROUP BY sku
)
SELECT
    sku AS product_id,
    name,
    type AS category,
    cents(price) AS unit_price,
    cents(cost) AS unit_cost,
    perishable
FROM products
LEFT JOIN supply USING (sku)
