//! Workbooks with titles above the table, notes below it, merged headers, marks after figures, and codes stored as numbers.

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::{added, faults, observations, recipe_folder, with_references};
use crate::harness::{get, publish};
use crate::publishing_files::publish_bytes;

const RATES: &str = "insee-taux-pauvrete-departements";
const BENEFITS: &str = "drees-prestations-mensuelles";

/// A cell of a sheet.
#[derive(Clone, Copy)]
enum Cell {
    T(&'static str),
    N(f64),
    Month(&'static str),
}
use Cell::{Month, N, T};

fn put(sheet: &mut Worksheet, row: u32, column: u16, cell: Cell) {
    let month = Format::new().set_num_format("mmm-yy");
    match cell {
        T(text) => sheet.write_string(row - 1, column, text),
        N(number) => sheet.write_number(row - 1, column, number),
        Month(day) => {
            let day = rust_xlsxwriter::ExcelDateTime::parse_from_str(day).expect("a day");
            sheet.write_datetime_with_format(row - 1, column, day, &month)
        }
    }
    .expect("a cell can be written");
}

/// Insee's workbook: rows of code, name and rate between a title with a header and notes.
fn rates(rows: &[[Cell; 3]]) -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Figure 1").expect("a name");
    let sheet = book.add_worksheet().set_name("Figure 2").expect("a name");
    put(sheet, 1, 0, T("Figure 2 – Taux de pauvreté par département en 2021"));
    for (column, name) in (0_u16..).zip(["Code département", "Département", "Taux de pauvreté (en\u{a0}%)"]) {
        put(sheet, 3, column, T(name));
    }
    let end = (4_u32..).zip(rows).map(|(row, cells)| {
        (0_u16..).zip(cells).for_each(|(column, cell)| put(sheet, row, column, *cell));
        row
    });
    let last = end.last().expect("a row");
    put(sheet, last + 3, 0, T("Notes : ns, non significatif"));
    put(sheet, last + 4, 0, T("Champ : France"));
    book.save_to_buffer().expect("a workbook")
}

fn row(territory: &str, period: &str, value: &str, status: &str, place: &str) -> [String; 6] {
    [territory, period, "_T", value, status, place].map(str::to_owned)
}

#[test]
fn rates_are_read_between_the_title_and_the_notes() {
    let server = with_references();
    let book = rates(&[
        [T("01"), T("Ain1"), N(10.8)],
        [N(2.0), T("AISNE"), N(9.700_000_000_000_001)],
        [T("2A"), T("Corse du Sud"), T("ns")],
        [N(21.0), T("Côte-d'Or"), T("nd")],
        [N(971.0), T("Guadeloupe (données 2017)"), N(34.55)],
        [T("976"), T("Guyane (données 2017)"), N(52.0)],
    ]);
    let report = publish(&server.url, &recipe_folder(RATES, &book)).expect("the file is right");
    assert_eq!((added(&report, "observations"), report.files[0].rows, report.warning_count), (6, 6, 0));
    assert_eq!(
        observations(&server, "taux-de-pauvrete"),
        [
            row("DEP-01", "2021", "10.8", "A", "Figure 2, ligne 4"),
            row("DEP-02", "2021", "9.7", "A", "Figure 2, ligne 5"),
            row("DEP-21", "2021", "null", "O", "Figure 2, ligne 7"),
            row("DEP-2A", "2021", "null", "N", "Figure 2, ligne 6"),
            row("DEP-971", "2017", "34.6", "D", "Figure 2, ligne 8"),
            row("DEP-973", "2017", "52", "D", "Figure 2, ligne 9"),
        ]
    );
    let note = &get(server.address, "/v1/observations?indicator_code=taux-de-pauvrete&territory_code=DEP-973").data()[0]["note"];
    assert!(note.as_str().is_some_and(|note| note.ends_with("Code au fichier : 976.")), "{note}");
    assert_eq!(publish(&server.url, &recipe_folder(RATES, &book)).expect("the file is right").release, None);
}

#[test]
fn rates_that_contradict_themselves_are_refused() {
    let server = with_references();
    let book = rates(&[
        [T("02"), T("Ain"), N(10.8)],
        [T("01"), T("Ain"), T("n.s.")],
        [T("21"), T("Côte-d'Or"), N(120.5)],
        [T("99"), T("Ailleurs"), N(1.0)],
        [T(""), T("Somme"), N(1.0)],
        [N(973.0), T("Mayotte (données 2017)"), N(77.0)],
    ]);
    let number = "is not a number with `.` before its decimals, nor one of the recipe's marks: ns, nd";
    assert_eq!(
        faults(&server, &recipe_folder(RATES, &book)),
        [
            "fichier [Figure 2]:4: territory_code (A) `02`: the territory DEP-02 is Aisne, where the file says `Ain`".to_owned(),
            format!("fichier [Figure 2]:5: value (C) `n.s.`: {number}"),
            "fichier [Figure 2]:8: territory_code: is empty, and every row must have a value".to_owned(),
            "fichier [Figure 2]:9: territory_code (B) `Mayotte (données 2017)`: is not the name of a territory (departement)"
                .to_owned(),
        ]
    );
    let book = rates(&[[T("21"), T("Côte-d'Or"), N(120.5)], [T("99"), T("Ailleurs"), N(1.0)]]);
    assert_eq!(
        faults(&server, &recipe_folder(RATES, &book)),
        [
            "fichier [Figure 2]:4: value (C) `120.5`: taux-de-pauvrete admits at least 0 and at most 100",
            "fichier [Figure 2]:5: territory_code `DEP-99`: no row of territories has this code; closest: DEP-971, DEP-973, DEP-01",
        ]
    );
    let mut other = Workbook::new();
    other.add_worksheet().set_name("Figure 1").expect("a name");
    other.add_worksheet().set_name("Figure2").expect("a name");
    let listed = faults(&server, &recipe_folder(RATES, &other.save_to_buffer().expect("a workbook")));
    assert_eq!(listed, ["fichier [Figure 2]: the workbook has no sheet `Figure 2`; closest: Figure2, Figure 1"]);
}

/// A month of the benefits: the cell of the month, then the cells of two départements.
type Line = (Cell, [Cell; 2]);

/// DREES's workbook: in each sheet two départements under merged cells, a row for each month, and notes below.
fn benefits(lines: &[Line]) -> Vec<u8> {
    let mut book = Workbook::new();
    for name in ["Sommaire", "Lisez-moi", "Tableau 1"] {
        book.add_worksheet().set_name(name).expect("a name");
    }
    for number in 2..=8 {
        let sheet = book.add_worksheet().set_name(format!("Tableau {number}")).expect("a name");
        let (step, first) = if number == 8 { (1, 7) } else { (2, 8) };
        put(sheet, 1, 0, T("Tableau : Nombre d'allocataires"));
        put(sheet, 5, 0, T("Numero"));
        put(sheet, 6, 0, T("Département"));
        for (at, (code, name)) in (0_u16..).zip([(N(1.0), "Ain"), (T("2A"), "Corse-du-Sud**")]) {
            let column = 1 + at * step;
            if step == 2 {
                let plain = Format::new();
                for row in [4, 5] {
                    sheet.merge_range(row, column, row, column + 1, "", &plain).expect("cells can be merged");
                }
                put(sheet, 7, column, T("Effectif"));
                put(sheet, 7, column + 1, T("Evolution en glissement annuel (en %)"));
            }
            put(sheet, 5, column, code);
            put(sheet, 6, column, T(name));
        }
        for (row, (month, figures)) in (first..).zip(lines) {
            put(sheet, row, 0, *month);
            for (at, figure) in (0_u16..).zip(figures) {
                put(sheet, row, 1 + at * step, *figure);
                if step == 2 {
                    put(sheet, row, 2 + at * step, T("nd"));
                }
            }
        }
        let end = first + u32::try_from(lines.len()).expect("a few");
        put(sheet, end, 0, T("nd : non disponible."));
        put(sheet, end + 1, 0, T("* Données provisoires"));
        put(sheet, end + 2, 0, T("Champ : France"));
    }
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn merged_headers_and_provisional_months_are_read() {
    let server = with_references();
    let indicator = "code,title,definition,unit_code,decimals,territory_additivity,time_additivity,direction,source_code\n\
                     foyers-prime-activite,Prime d'activité,Foyers,foyer,0,sum,none,none,essai\n";
    publish_bytes(&server.url, "indicators", indicator.as_bytes()).expect("the indicator is right");
    let book = benefits(&[
        (Month("2020-05-01"), [N(17_950.0), T("nd")]),
        (T("juin-20*"), [N(18_000.0), T("NC")]),
        (T("août-20*"), [T("343500*"), T("-")]),
        (T("déc-20"), [T("12*"), N(0.0)]),
    ]);
    let report = publish(&server.url, &recipe_folder(BENEFITS, &book)).expect("the file is right");
    assert_eq!((added(&report, "observations"), added(&report, "indicators"), report.warning_count), (7 * 8, 6, 0));
    for (indicator, sheet, column) in [
        ("foyers-rsa", "Tableau 2", "D"),
        ("foyers-aide-logement", "Tableau 6", "D"),
        ("entrees-garantie-jeunes", "Tableau 8", "C"),
    ] {
        let first = if sheet == "Tableau 8" { 7 } else { 8 };
        let place = |column: &str, row: u32| format!("{sheet}, cellule {column}{}", first + row);
        assert_eq!(
            observations(&server, indicator),
            [
                row("DEP-01", "2020-05", "17950", "A", &place("B", 0)),
                row("DEP-01", "2020-06", "18000", "P", &place("B", 1)),
                row("DEP-01", "2020-08", "343500", "P", &place("B", 2)),
                row("DEP-01", "2020-12", "12", "P", &place("B", 3)),
                row("DEP-2A", "2020-05", "null", "O", &place(column, 0)),
                row("DEP-2A", "2020-06", "null", "P+Q", &place(column, 1)),
                row("DEP-2A", "2020-08", "null", "M+P", &place(column, 2)),
                row("DEP-2A", "2020-12", "0", "A", &place(column, 3)),
            ],
            "{indicator}"
        );
    }
}

#[test]
fn invalid_months_and_figures_are_refused_in_every_sheet() {
    let server = with_references();
    let book = benefits(&[(T("juin-20*"), [N(1.0), T("n.c.")]), (T("brumaire-20"), [N(1.0), N(2.0)])]);
    let listed = faults(&server, &recipe_folder(BENEFITS, &book));
    assert_eq!(listed.len(), 7 * 2);
    let number = "is not a number with `.` before its decimals, nor one of the recipe's marks: nd, NC, -";
    assert_eq!(
        listed[..2],
        [
            format!("fichier [Tableau 2]:8: value (D) `n.c.`: {number}"),
            "fichier [Tableau 2]:9: period (A) `brumaire-20`: is not a month such as juin-20 or 2020-06".to_owned(),
        ]
    );
    assert_eq!(listed[12], format!("fichier [Tableau 8]:7: value (C) `n.c.`: {number}"));
}
