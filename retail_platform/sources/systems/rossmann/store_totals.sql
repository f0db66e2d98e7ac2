SELECT
    Date AS date,
    Store AS store_id,
    Customers AS transactions,
    Sales AS revenue
FROM days
