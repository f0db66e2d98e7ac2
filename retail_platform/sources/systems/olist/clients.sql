-- Olist writes a row of `customers` for every order; the person is customer_unique_id. Each row tells of
-- the person as of the last order, so that the rows of one person are equal: copies, not contradictions.
WITH purchase AS (
    SELECT customer_id, min(order_purchase_timestamp) AS bought_at
    FROM orders
    GROUP BY customer_id
)
SELECT
    customer_unique_id AS client_id,
    last_value(customer_city) OVER person AS city,
    last_value(customer_state) OVER person AS region,
    left(first_value(bought_at) OVER person, 10) AS created_on
FROM customers
LEFT JOIN purchase USING (customer_id)
WINDOW person AS (
    PARTITION BY customer_unique_id ORDER BY bought_at, customer_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
