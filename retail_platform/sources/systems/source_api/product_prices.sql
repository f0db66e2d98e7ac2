SELECT
    product_id,
    unit_price,
    unit_cost,
    valid_from,
    valid_to
FROM product_prices
