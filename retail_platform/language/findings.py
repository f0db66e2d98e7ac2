"""What is found of door counters and of unusual days, in words."""

TEXTS: dict[str, tuple[str, str]] = {
    "health_ok": ("in order", "en ordre"),
    "health_unjudged": ("too little history", "historique trop court"),
    "health_dead": ("dead", "muet"),
    "health_partial_day": ("part of the day", "jour incomplet"),
    "health_stuck": ("stuck", "bloqué"),
    "health_spikes": ("spikes", "pics"),
    "health_undercounting": ("counts too few", "sous-compte"),
    "health_overcounting": ("counts too many", "surcompte"),
    "health_clock_shift": ("clock shifted", "horloge décalée"),
    "severity_minor": ("minor", "mineure"),
    "severity_major": ("major", "majeure"),
    "cause_sensor_fault": ("counter at fault", "compteur en défaut"),
    "cause_event": ("event", "événement"),
    "cause_holiday": ("holiday", "jour férié"),
    "cause_weather": ("weather", "météo"),
    "cause_closed": ("closed", "fermé"),
    "cause_unexplained": ("unexplained", "inexpliquée"),
}
