//! Owns what can only be judged when every parameter has been read: which go together, and the columns that follow.
//! Must not know how single parameters are read.

use super::Reader;
use crate::problem::Fault;
use crate::query::model::column::Column;
use crate::query::plan::Plan;
use crate::query::plan::grouping::Function;
use crate::query::plan::selection::Place;
use crate::query::{Field, Kind, Labels, Parameter, Representation};

impl Reader {
    pub(super) fn finish(&mut self, plan: &mut Plan) {
        match self.point {
            [Some(lon), Some(lat)] => plan.selection.places.push(Place::Point([lon, lat])),
            [Some(_), None] => self.needs(Parameter::Lon, "`lat` beside it: a point has both"),
            [None, Some(_)] => self.needs(Parameter::Lat, "`lon` beside it: a point has both"),
            [None, None] => {}
        }
        self.geography_of_then(plan);
        self.presentation(plan);
        self.grouping(plan);
        self.complete_order(plan);
        plan.reading.columns = self.columns(plan);
        plan.parameters.sort_unstable();
        if plan.selection.release.is_some() && plan.selection.as_of.is_some() {
            self.faults.push(Fault::new("as_of", "`release` says already which release is read; give one of the two."));
        }
        if let Some(text) = self.cursor.take() {
            self.cursor(&text, plan);
        }
    }

    fn needs(&mut self, parameter: Parameter, what: &str) {
        self.faults.push(Fault::new(parameter.name(), format!("The parameter needs {what}.")));
    }

    fn given(plan: &Plan, parameter: Parameter) -> bool {
        plan.parameters.iter().any(|(name, _)| *name == parameter.name())
    }

    /// What is not known of the geography of another day.
    fn geography_of_then(&mut self, plan: &Plan) {
        use Parameter as P;
        if plan.selection.geography.is_none() {
            return;
        }
        if !self.context.holds_territories() && plan.selection.scopes.is_empty() {
            self.needs(P::Geography, "`within` or `touching` beside it: it says of which day they are");
        }
        let contours = "Contours are those of today";
        let mut todays = vec![(P::Bbox, contours), (P::Lon, contours), (P::Lat, contours)];
        if self.context.holds_territories() {
            todays.push((P::Search, "Today's names are searched; filter `/v1/territory_versions` by `name` for those of then"));
            if plan.presentation.representation == Representation::GeoJson {
                self.faults.push(Fault::new(P::Geography.name(), format!("{contours}; GeoJSON has none of another day.")));
            }
        }
        for (parameter, why) in todays.into_iter().filter(|(p, _)| Self::given(plan, *p)) {
            let detail = format!("{why}; the parameter has no meaning beside `geography`.");
            self.faults.push(Fault::new(parameter.name(), detail));
        }
        self.apart(plan, "geography", &[P::Compare, P::Rollup], None);
    }

    /// What only some representations have.
    fn presentation(&mut self, plan: &mut Plan) {
        use Parameter as P;
        let representation = plan.presentation.representation;
        let only: [(&[P], &[Representation], &str); 6] = [
            (&[P::Delimiter, P::Decimal, P::Bom], &[Representation::Csv], "`format=csv`"),
            (&[P::Trailer], &[Representation::Ndjson], "`format=ndjson`"),
            (&[P::Geometry], &[Representation::GeoJson], "`format=geojson`"),
            (&[P::Include, P::Facets, P::Compare], &[Representation::Json], "`format=json`"),
            (
                &[P::GroupBy, P::Aggregate, P::Rollup, P::Layout],
                &[Representation::Json, Representation::Csv],
                "`format=json` or `format=csv`",
            ),
            (
                &[P::Vintages],
                &[
                    Representation::Json,
                    Representation::Csv,
                    Representation::Ndjson,
                    Representation::GeoJson,
                    Representation::Parquet,
                    Representation::Xlsx,
                ],
                "a representation that has a row for each version; this one has one for each figure",
            ),
        ];
        for (parameters, suited, what) in only {
            for parameter in parameters.iter().copied().filter(|p| Self::given(plan, *p)) {
                if !suited.contains(&representation) {
                    self.needs(parameter, what);
                }
            }
        }
        if representation.is_fixed() {
            let named = matches!(representation, Representation::SdmxCsv);
            let fixed = [Some(P::Fields), (!named).then_some(P::Labels)];
            for parameter in fixed.into_iter().flatten().filter(|p| Self::given(plan, *p)) {
                let detail = format!("`format={}` has columns of its own.", representation.name());
                self.faults.push(Fault::new(parameter.name(), detail));
            }
        }
        if plan.presentation.delimiter == plan.presentation.decimal {
            self.faults.push(Fault::new("decimal", "The decimal mark is also the delimiter; give `delimiter=;` beside it."));
        }
        if Self::given(plan, P::Latest) && Self::given(plan, P::Last) {
            self.faults.push(Fault::new("latest", "`last=1` says the same; give one of the two."));
        }
        if plan.presentation.trailer && Self::given(plan, P::Limit) {
            self.faults.push(Fault::new(
                "trailer",
                "A page is not all there is: the trailer of an export has no meaning beside `limit`.",
            ));
        }
        if Self::given(plan, P::Vintages) {
            let apart = [P::GroupBy, P::Aggregate, P::Rollup, P::Layout, P::Compare, P::Latest, P::Last];
            self.apart(plan, "vintages", &apart, None);
        }
        if plan.presentation.wide {
            let page = self.cursor.is_some().then_some(P::Cursor);
            let apart = [P::Limit, P::Sort, P::Fields, P::Count, P::Include, P::Facets, P::Compare];
            self.apart(plan, "layout", &apart, page);
        }
    }

    /// Parameters that have no meaning beside another.
    fn apart(&mut self, plan: &Plan, other: &str, parameters: &[Parameter], more: Option<Parameter>) {
        for parameter in parameters.iter().copied().filter(|p| Self::given(plan, *p)).chain(more) {
            let detail = format!("The parameter has no meaning beside `{other}`.");
            self.faults.push(Fault::new(parameter.name(), detail));
        }
    }

    fn grouping(&mut self, plan: &mut Plan) {
        use Parameter as P;
        let Some(mut grouping) = plan.selection.grouping.take() else { return };
        if grouping.by.is_empty() && !self.aggregated && !grouping.rollup {
            return;
        }
        if grouping.functions.is_empty() {
            grouping.functions = vec![if grouping.rollup { Function::Sum } else { Function::Count }];
        }
        let page = self.cursor.is_some().then_some(P::Cursor);
        let apart = [P::Limit, P::Sort, P::Fields, P::Count, P::Include, P::Facets, P::Compare, P::Layout, P::Labels];
        self.apart(plan, if grouping.rollup { "rollup" } else { "group_by" }, &apart, page);
        let territory = self.context.dataset.territory.unwrap_or_default();
        if grouping.rollup {
            let named = plan.selection.conditions.iter().any(|c| c.field.name == territory && c.operator.takes_list());
            if !named {
                self.needs(P::Rollup, &format!("`{territory}` beside it: the territories to be taken together"));
            }
            if Self::given(plan, P::GroupBy) || Self::given(plan, P::Aggregate) {
                let detail = "A roll-up gives one figure for each indicator, period, breakdown, nature and source, by the indicator's own rule.";
                self.faults.push(Fault::new("rollup", detail));
            }
        }
        plan.selection.grouping = Some(grouping);
    }

    /// The columns of the answer.
    fn columns(&self, plan: &Plan) -> Vec<Column> {
        let shown = &plan.presentation;
        let fields: Vec<&'static Field> = match &self.fields {
            Some(fields) => fields.clone(),
            None => self.context.fields().collect(),
        };
        let labels = match shown.representation {
            Representation::JsonStat | Representation::Scdl => Labels::Both,
            Representation::SdmxCsv if shown.labels != Labels::Code => Labels::Both,
            _ => shown.labels,
        };
        let mut columns: Vec<Column> = fields.into_iter().flat_map(|field| self.labelled(field, labels)).collect();
        match shown.representation {
            Representation::GeoJson => columns.push(Column::geometry(shown.centres)),
            Representation::JsonStat => columns.extend(self.facts(&["decimals"])),
            Representation::Scdl => columns.extend(self.facts(&["siret", "rna"])),
            _ => {}
        }
        columns
    }

    /// A field, its label, or both. Only what refers to one row has a label.
    fn labelled(&self, field: &'static Field, labels: Labels) -> Vec<Column> {
        let code = Column::of(field);
        let (Kind::Reference(_), Some(dataset)) = (field.kind, self.context.referred(field)) else { return vec![code] };
        let Some(title) = dataset.title_field() else { return vec![code] };
        let label = Column::named(field, dataset, title, "label");
        match labels {
            Labels::Code => vec![code],
            Labels::Name => vec![label],
            Labels::Both => vec![code, label],
        }
    }

    /// These fields of all rows that a row refers to.
    fn facts(&self, names: &[&str]) -> Vec<Column> {
        let referring = self.context.fields().filter(|field| matches!(field.kind, Kind::Reference(_)));
        referring
            .filter_map(|field| Some((field, self.context.referred(field)?)))
            .flat_map(|(by, dataset)| {
                names.iter().filter_map(move |name| Some(Column::named(by, dataset, dataset.field(name)?, name)))
            })
            .collect()
    }
}
