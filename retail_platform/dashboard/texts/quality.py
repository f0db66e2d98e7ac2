"""Texts of the data quality page."""

TEXTS: dict[str, tuple[str, str]] = {
    "quality": ("Data quality", "Qualité des données"),
    "quality_lead": (
        "{period} · last final day {day} · updated {when}",
        "{period} · dernier jour définitif {day} · mis à jour {when}",
    ),
    "quality_calendar": ("State of the days", "État des jours"),
    "quality_calendar_about": (
        "Click a day to look at it alone. A day is partial where a table has no rows on it.",
        "Cliquez sur un jour pour n’afficher que lui. Un jour est partiel si une table n’y a aucune ligne.",
    ),
    "quality_complete": ("complete", "complet"),
    "quality_open": ("not final yet", "pas encore définitif"),
    "quality_closed": ("all stores closed", "tous les magasins fermés"),
    "quality_partial": ("partial", "partiel"),
    "quality_missing": ("missing", "manquant"),
    "quality_days": ("Days to look at", "Jours à examiner"),
    "quality_days_none": ("Every day of the period is complete.", "Tous les jours de la période sont complets."),
    "quality_day": ("Day", "Jour"),
    "quality_state": ("State", "État"),
    "quality_lacks": ("No rows in", "Aucune ligne dans"),
    "quality_freshness": ("Freshness", "Fraîcheur"),
    "quality_freshness_about": (
        "Days are those of the period; a closed day may have no rows.",
        "Les jours sont ceux de la période ; un jour fermé peut n’avoir aucune ligne.",
    ),
    "quality_table": ("Table", "Table"),
    "quality_updated": ("Updated", "Mise à jour"),
    "quality_last_day": ("Last day", "Dernier jour"),
    "quality_with": ("Days with rows", "Jours avec lignes"),
    "quality_without": ("Days without", "Jours sans"),
    "quality_quarantine": ("Rows set aside, by reason", "Lignes écartées, par raison"),
    "quality_quarantine_about": (
        "Of the period, where the table has days; otherwise of its last delivery.",
        "De la période si la table est par jour ; sinon de la dernière livraison.",
    ),
    "quality_quarantine_none": (
        "No row was set aside: all that was delivered kept to its contract.",
        "Aucune ligne n’a été écartée : toute la livraison respecte son contrat.",
    ),
    "quality_reason": ("Reason", "Raison"),
    "quality_rows": ("Rows", "Lignes"),
    "quality_sample": ("Examples of rows set aside", "Exemples de lignes écartées"),
    "quality_sample_about": (
        "The first rows. Columns about persons are never shown.",
        "Les premières lignes. Les colonnes sur des personnes ne sont jamais affichées.",
    ),
    "quality_sample_none": (
        "No row of this table was set aside. Choose another table or other days.",
        "Aucune ligne de cette table n’a été écartée. Choisissez une autre table ou d’autres jours.",
    ),
    "quality_first": ("The one with the most", "Celle qui en a le plus"),
    "quality_checks": ("Last checks", "Derniers contrôles"),
    "quality_checks_about": (
        "What the checks of each table said last, those that fail first. A check of days fails while any day does.",
        "Ce que les contrôles de chaque table ont dit en dernier, les échecs d’abord. "
        "Un contrôle par jour échoue tant qu’un jour échoue.",
    ),
    "quality_checks_none": (
        "No check has judged anything yet: materialize a day, or run retail check.",
        "Aucun contrôle n’a encore rien jugé : matérialisez un jour, ou lancez retail check.",
    ),
    "quality_judging": ("Checks", "Contrôles"),
    "quality_failing": ("Failing", "En échec"),
    "quality_days_failing": ("Days failing", "Jours en échec"),
    "quality_last_failing": ("Last of them", "Le dernier"),
    "quality_judged": ("Judged", "Jugé"),
    "quality_found": ("Found", "Constat"),
    "quality_assets": ("Tables in Dagster", "Tables dans Dagster"),
    "quality_runs": ("Runs in Dagster", "Exécutions dans Dagster"),
    "unavailable_no_history": (
        "No history of Dagster is at hand here, so the results of checks are not known. "
        "Start the dashboard in the folder of dagster.yaml.",
        "Aucun historique de Dagster n’est disponible ici : les résultats des contrôles ne sont pas connus. "
        "Lancez le tableau de bord dans le dossier de dagster.yaml.",
    ),
}
