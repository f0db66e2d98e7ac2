-- One row an item of an order; price and freight are the item's own. The payment method is the one that
-- paid most of the order, the first by name where two paid the same.
WITH paid AS (
    SELECT order_id, payment_type, sum(TRY_CAST(payment_value AS DECIMAL(18, 2))) AS amount
    FROM order_payments
    GROUP BY order_id, payment_type
),
method AS (
    SELECT order_id, first(payment_type ORDER BY amount DESC NULLS LAST, payment_type) AS payment_method
    FROM paid
    GROUP BY order_id
),
purchase AS (
    SELECT order_id, order_status, order_purchase_timestamp, customer_unique_id
    FROM orders
    LEFT JOIN customers USING (customer_id)
)
SELECT
    left(order_purchase_timestamp, 10) AS date,
    seller_id AS store_id,
    order_id AS sale_id,
    order_item_id AS line_number,
    CASE WHEN order_status IN ('canceled', 'unavailable') THEN 'cancelled' ELSE 'completed' END AS status,
    order_purchase_timestamp AS sold_at,
    'online' AS channel,
    customer_unique_id AS client_id,
    product_id,
    1 AS quantity,
    price AS unit_price,
    price AS net_amount,
    freight_value AS freight_amount,
    payment_method
FROM order_items
LEFT JOIN purchase USING (order_id)
LEFT JOIN method USING (order_id)
