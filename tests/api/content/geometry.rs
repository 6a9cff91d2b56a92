//! Contours: whole polygons with the box around them.

use super::{unchanged, with_geography};
use crate::harness::{TestServer, get};
use crate::publishing_files::{contents, faults, publish_bytes};

const HEAD: &str = "territory_code,west,south,east,north,contour,source_code\n";

fn row(territory: &str, sides: &str, geometry: &str) -> String {
    format!("{territory},{sides},\"{}\",essai\n", geometry.replace('"', "\"\""))
}

fn polygon(ring: &str) -> String {
    format!("{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}")
}

#[test]
fn a_contour_that_is_not_whole_is_refused() {
    let before = contents(unchanged());
    let square = "[2,50],[3,50],[3,51],[2,51],[2,50]";
    let cases = [
        (polygon("[\"2\",50],[3,50],[3,51],[\"2\",50]"), "is not a whole geometry: its ring 1 has the coordinate"),
        (polygon("[2,50],[3,50],[2,50]"), "is not a whole geometry: its ring 1 has 3 positions"),
        (polygon("[2,50],[3,50],[3,51],[2,51]"), "is not a whole geometry: its ring 1 does not end where it begins"),
        (polygon("[2,50],[999,50],[3,51],[2,50]"), "is not a whole geometry: its ring 1 has the coordinate 999"),
        (polygon("[2,50],[3,91],[3,51],[2,50]"), "is not a whole geometry: its ring 1 has the coordinate 91"),
        (polygon("[2,50],[1e-400,50],[3,51],[2,50]"), "is not a whole geometry: its ring 1 has the coordinate 1e-400"),
        (format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[[{square}]]}}"), "is not a MultiPolygon of rings"),
        ("{\"type\":\"Point\",\"coordinates\":[2,50]}".to_owned(), "is a Point, and must be"),
        ("{\"type\":\"GeometryCollection\",\"geometries\":[]}".to_owned(), "is not a GeoJSON geometry"),
        ("{\"type\":\"Polygon\",\"coordinates\":\"2,50\"}".to_owned(), "is not a Polygon of rings"),
        ("{}".to_owned(), "is not a GeoJSON geometry"),
        (
            polygon("[2,50],[3,51],[3,50],[2,51],[2,50]"),
            "is not a whole geometry: its ring 1 crosses itself at a segment from 3.000000 50.000000",
        ),
        (polygon("[2,50],[3,50],[3.5,50],[3,50],[3,51],[2,50]"), "is not a whole geometry: its ring 1 runs over itself"),
        (
            polygon("[2,50],[3,50],[3,51],[2,51],[2,50]],[[2.5,50.5],[4,50.5],[4,50.6],[2.5,50.5]"),
            "is not a whole geometry: its rings 1 and 2 cross",
        ),
        (
            format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[[[{square}]],[[[2.5,49],[2.6,49],[2.6,52],[2.5,49]]]]}}"),
            "is not a whole geometry: its rings 1 and 2 cross",
        ),
    ];
    for (geometry, why) in cases {
        let file = format!("{HEAD}{}", row("COM-01001", "2,50,3,51", &geometry));
        let found = faults(publish_bytes(unchanged(), "contours", file.as_bytes()));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("fichier:2: contour `") && found[0].contains(why), "{}", found[0]);
    }
    let file = format!("{HEAD}{}", row("COM-01001", "-181,50,3,100", &polygon(square)));
    assert_eq!(
        faults(publish_bytes(unchanged(), "contours", file.as_bytes())),
        [
            "fichier:2: west `-181`: is not a number of degrees from -180 to 180",
            "fichier:2: north `100`: is not a number of degrees from -90 to 90",
        ]
    );
    assert_eq!(contents(unchanged()), before);
}

#[test]
fn the_box_of_a_contour_is_the_one_around_it() {
    let square = polygon("[2,50],[3,50],[3,51],[2,51],[2,50]");
    let pair = "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[2,50],[3,50],[3,51],[2,50]]],[[[5,50],[6,50],[6,52],[5,50]]]]}";
    let (one, other) = (row("COM-01001", "2,50,3.5,51", &square), row("COM-01002", "2,50.5,6,51", pair));
    let mut found = faults(publish_bytes(unchanged(), "contours", format!("{HEAD}{one}{other}").as_bytes()));
    found.sort();
    let right = |side: &str| format!("is not the side of the box around `contour`, which is {side}");
    assert_eq!(
        found,
        [
            format!("fichier:2: east `3.5`: {}", right("3")),
            format!("fichier:3: north `51`: {}", right("52")),
            format!("fichier:3: south `50.5`: {}", right("50")),
        ]
    );
    let url = with_geography();
    let server = TestServer::on(&url);
    let (one, other) = (row("COM-01001", "2,50,3,51", &square), row("COM-01002", "2,50,6.000001,52", pair));
    publish_bytes(&url, "contours", format!("{HEAD}{one}{other}").as_bytes()).expect("both are whole");
    let at = |place: &str| {
        let found = get(server.address, &format!("/v1/territories?{place}&fields=code")).data();
        found.as_array().expect("a list").iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(at("lon=2.5&lat=50.9"), ["COM-01001"]);
    assert_eq!(at("lon=2.9&lat=50.1"), ["COM-01001", "COM-01002"]);
    assert_eq!(at("lon=5.9&lat=51.5"), ["COM-01002"]);
    assert_eq!(at("lon=4&lat=50.5"), [""; 0]);
}
