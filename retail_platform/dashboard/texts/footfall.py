"""Texts of the footfall page."""

TEXTS: dict[str, tuple[str, str]] = {
    "footfall": ("Footfall", "Fréquentation"),
    "footfall_lead": ("{store} · {period}", "{store} · {period}"),
    "footfall_detail": ("Charts by", "Graphiques par"),
    "footfall_by_day": ("Day", "Jour"),
    "footfall_by_hour": ("Hour (the last 14 days)", "Heure (14 derniers jours)"),
    "footfall_sensor": ("Counter", "Compteur"),
    "footfall_all_sensors": ("All counters", "Tous les compteurs"),
    "footfall_tolerance": ("Tolerance", "Tolérance"),
    "footfall_visitors": ("Visitors, counted and estimated", "Visiteurs, comptés et estimés"),
    "footfall_visitors_about": (
        "Hatched is estimated, where a counter failed. The line is the 80% interval; a day’s is the sum of its "
        "hours’, so rather too wide.",
        "Les hachures sont estimées, là où un compteur a failli. Le trait est l’intervalle à 80 % ; celui d’un jour "
        "est la somme de ceux de ses heures, donc plutôt trop large.",
    ),
    "footfall_counted": ("Counted", "Comptés"),
    "footfall_estimated": ("Estimated", "Estimés"),
    "footfall_interval": ("80% interval", "Intervalle à 80 %"),
    "footfall_readings": ("What the counters delivered", "Ce que les compteurs ont transmis"),
    "footfall_readings_about": (
        "As delivered, before anything is estimated; a gap is no count.",
        "Tel que transmis, avant toute estimation ; un vide est une absence de comptage.",
    ),
    "footfall_band": ("Against the 4-week average (±{tolerance})", "Face à la moyenne sur 4 semaines (±{tolerance})"),
    "footfall_band_about": (
        "The mean of the same weekday in the four weeks before; two of them must be known. Marked: days outside.",
        "Moyenne du même jour des quatre semaines précédentes, dont deux au moins connues. Marqués : les jours hors "
        "bande.",
    ),
    "footfall_average": ("4-week average", "Moyenne sur 4 semaines"),
    "footfall_outside": ("Outside", "Hors bande"),
    "footfall_tolerated": ("Tolerated", "Toléré"),
    "footfall_deviation": ("Deviation", "Écart"),
    "footfall_exceedances": ("Days outside", "Jours hors bande"),
    "footfall_exceedances_none": (
        "No day left the band. A smaller tolerance finds more.",
        "Aucun jour n’a quitté la bande. Une tolérance plus faible en trouve davantage.",
    ),
    "footfall_nothing": ("Nothing here", "Rien ici"),
    "footfall_day": ("Day", "Jour"),
    "footfall_hour": ("Hour", "Heure"),
    "footfall_whole_day": ("whole day", "jour entier"),
    "footfall_health": ("Health of the counters", "Santé des compteurs"),
    "footfall_health_about": (
        "One square for each open day. Below, the days that were not in order.",
        "Un carré par jour d’ouverture. Dessous, les jours en défaut.",
    ),
    "footfall_health_good": (
        "No counter was found at fault on these days.",
        "Aucun compteur n’a été trouvé en défaut sur ces jours.",
    ),
    "footfall_no_health": (
        "No counter of this store was examined on these days: choose other days or another store.",
        "Aucun compteur de ce magasin n’a été examiné sur ces jours : choisissez d’autres jours ou un autre magasin.",
    ),
    "footfall_status": ("State", "État"),
    "footfall_reason": ("Reason", "Raison"),
    "footfall_anomalies": ("Unusual days and hours", "Jours et heures inhabituels"),
    "footfall_anomalies_none": (
        "Nothing unusual was found on these days.",
        "Rien d’inhabituel n’a été trouvé sur ces jours.",
    ),
    "footfall_expected": ("Expected", "Attendus"),
    "footfall_cause": ("Cause", "Cause"),
    "footfall_severity": ("Weight", "Gravité"),
    "footfall_forecast": ("Forecast", "Prévision"),
    "footfall_forecast_about": (
        "Made after {day}; the shade is the 80% interval.",
        "Établie après le {day} ; l’ombre est l’intervalle à 80 %.",
    ),
    "footfall_none": (
        "No footfall of this store on these days: it has no door counters, or they delivered nothing. Choose another "
        "store or other days.",
        "Aucune fréquentation de ce magasin sur ces jours : il n’a pas de compteurs, ou ils n’ont rien transmis. "
        "Choisissez un autre magasin ou d’autres jours.",
    ),
}
