-- The file names neither station nor units. Temperatures are °C. Wind is taken for m/s, so that 5 December 2015, the day of
-- storm Desmond, has a mean of 27 km/h (mph would make it 12). Rain is taken for mm: a year adds up to 150 to 280, less than
-- half of the 660 that fall in Leeds, so it may be of a part of the day only; wet days can be told, amounts not relied on.
--
-- A mean of exactly 0.0 °C comes only in rows that are 0 throughout, in runs of 3 to 13 days, in July too: nothing was
-- measured then, and it is null here. Means of 17 to 25 °C with hardly any wind (much of October 2013, 20 and 28 to 30 November
-- 2016) look like those of a station taken indoors; which days exactly cannot be told, so they are delivered as they are.
SELECT
    iso_day(date, '%d/%m/%Y') AS date,
    'leeds_city_centre' AS store_id,
    CASE WHEN measured THEN mean_temp END AS temperature_mean,
    CASE WHEN measured THEN rain END AS precipitation,
    CASE WHEN NOT measured THEN NULL ELSE coalesce(round(TRY_CAST(wind_speed AS DOUBLE) * 3.6, 2)::VARCHAR, wind_speed) END
        AS wind_speed
FROM (
    SELECT *, (mean_temp = '0.0' AND rain = '0.0' AND wind_speed = '0.0') IS NOT TRUE AS measured FROM weather_days
)
