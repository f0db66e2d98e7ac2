-- Bank holidays run from 1998 to 2110 with years of two digits: 19-Apr-09 is a Good Friday of 2109. The lines are in order, so
-- each time the years begin again at 00 a century has passed. The file has no names: the country's calendar does. In the years
-- of the counts they are England's; of a holiday on a weekend they hold the day in lieu alone. Whose schools the school holidays are of is not said: taken for those of Leeds.
-- In half-term weeks they are Monday to Friday, in the longer ones weekends count.
WITH lines AS (
    SELECT day, TRY_CAST(right(day, 2) AS INTEGER) AS year, row_number() OVER () AS line FROM bank_holidays
),
turns AS (
    SELECT *, year < lag(year, 1, year) OVER (ORDER BY line) AS new_century FROM lines
),
days AS (
    SELECT
        'public_holiday' AS kind,
        NULL AS name,
        coalesce(left(day, -2) || (1900 + 100 * count_if(new_century) OVER (ORDER BY line) + year)::VARCHAR, day) AS day
    FROM turns
    UNION ALL
    SELECT 'school_holiday', 'School holiday', holidays FROM school_holidays
)
SELECT
    kind,
    name,
    iso_day(day, '%d-%b-%Y') AS first_day,
    iso_day(day, '%d-%b-%Y') AS last_day
FROM days
