SELECT
    id AS product_id,
    name,
    category,
    price AS unit_price,
    cost AS unit_cost
FROM products
