-- sale_amount is the whole line's: quantity x price.
SELECT
    sale_date AS date,
    store_id,
    sale_id,
    'completed' AS status,
    sale_date || ' ' || sale_time AS sold_at,
    'store' AS channel,
    client_id,
    product_id,
    quantity,
    sale_amount AS net_amount
FROM sale_lines
