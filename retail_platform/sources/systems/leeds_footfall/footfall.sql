-- `Date` is written in three forms over the years (31/12/2009, 2015-12-31, 30-Nov-16), `NewDate` in one. The names of the
-- cameras are the same in all years. Hours are of the clock on the wall: when it is put forward, the hour that does not
-- exist has a row all the same (with few or no counts, in 2012 and 2014 with a night's usual ones); when it is put back,
-- the hour that comes twice has one row, with the counts of both. A zero is a count: most are of the small hours, some of
-- a camera that was dead for hours, or for a day; telling them apart is not the mapping's business.
SELECT
    iso_day(NewDate, '%d-%b-%Y') AS date,
    Hour AS hour,
    'leeds_city_centre' AS store_id,
    LocationName AS sensor_id,
    InCount AS visitors
FROM counts
