//! Owns the figures of a profile: the latest one of each series, the one that it can be compared with, and the change between.
//! Must not know how they are shown.

use chrono::NaiveDate;

use crate::db::read::page::Page;
use crate::query::model::change::{Figure, FigureChange, Unsaid, change};
use crate::query::model::cube::STATUSES;
use crate::query::model::period::{self, Period};
use crate::query::plan::additivity;
use crate::query::{ResolvedPlan, Row};

/// The fields that two figures of a series have in common.
const SERIES: [&str; 4] = ["indicator_code", "breakdown_code", "nature", "source_code"];

/// Observations of one territory, in which the rows of a series are adjacent, the latest first.
pub struct Figures<'p> {
    plan: &'p ResolvedPlan,
    page: &'p Page,
}

/// What a series of a profile shows.
pub struct SeriesFigures<'p> {
    /// The latest figure.
    pub latest: &'p Row,
    /// The figure before it, of a period of the same length.
    pub previous: Option<&'p Row>,
}

impl<'p> Figures<'p> {
    /// The figures of a page of a plan.
    pub fn new(plan: &'p ResolvedPlan, page: &'p Page) -> Self {
        Self { plan, page }
    }

    /// A cell of an observation.
    pub fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r str> {
        row.cell(self.plan.reading.columns.iter().position(|column| column.name == name)?)
    }

    fn series_of<'r>(&self, row: &'r Row) -> [Option<&'r str>; 4] {
        SERIES.map(|name| self.cell(row, name))
    }

    fn period(&self, row: &Row) -> Option<Period> {
        period::parse(self.cell(row, "period")?)
    }

    fn end(&self, row: &Row) -> Option<NaiveDate> {
        self.period(row).and_then(|period| period.end)
    }

    /// The rows of each series. The last series of a page that is cut short may lack its earlier figure, and is left out.
    fn all(&self) -> impl Iterator<Item = &'p [Row]> {
        let rows = &self.page.rows;
        let cut = rows.last().filter(|_| self.page.more).map(|last| self.series_of(last));
        let series = rows.chunk_by(|a, b| self.series_of(a) == self.series_of(b));
        series.filter(move |rows| rows.len() > 1 || cut.is_none_or(|cut| self.series_of(&rows[0]) != cut))
    }

    /// The latest figure of each series.
    pub fn latest(&self) -> Vec<&'p Row> {
        self.all().filter_map(|rows| rows.first()).collect()
    }

    /// The indicators of the series whose figure before the latest one is of a period of another length.
    pub fn uneven(&self) -> Vec<String> {
        let length = |row: &Row| self.period(row).and_then(|period| period.length());
        let uneven = self.all().filter(|rows| rows.len() > 1 && length(&rows[0]) != length(&rows[1]));
        self.indicators(uneven.filter_map(|rows| rows.first()))
    }

    /// The indicators of some figures.
    pub fn indicators<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Vec<String> {
        let mut codes: Vec<String> = rows.filter_map(|row| self.cell(row, SERIES[0]).map(str::to_owned)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The series, with the figure to compare of each. `more` has earlier figures of the series that are [`uneven`](Self::uneven).
    pub fn series(&self, more: Option<&'p Page>) -> Vec<SeriesFigures<'p>> {
        let earlier = more.map_or(&[][..], |page| page.rows.as_slice());
        let series = |rows: &'p [Row]| {
            let latest = &rows[0];
            let length = self.period(latest).and_then(|period| period.length());
            let same = earlier.iter().filter(|row| self.series_of(row) == self.series_of(latest));
            let previous = rows[1..]
                .iter()
                .chain(same)
                .find(|row| self.end(row) < self.end(latest) && self.period(row).and_then(|period| period.length()) == length);
            SeriesFigures { latest, previous }
        };
        self.all().map(series).collect()
    }

    /// The first day of the earliest of some figures, from which on a break between two figures of a series can lie.
    pub fn first_day(&self, rows: impl Iterator<Item = &'p Row>) -> Option<NaiveDate> {
        rows.filter_map(|row| Some(self.period(row)?.start)).min()
    }

    /// The change of a series, and its status.
    ///
    /// # Errors
    /// Returns why there is none.
    pub fn change(&self, series: &SeriesFigures<'p>, breaks: Option<&Page>) -> Result<(FigureChange, &'static str), Unsaid> {
        let (latest, previous) = (series.latest, series.previous.ok_or(Unsaid::NoPrevious)?);
        let breaks = breaks.map_or(&[][..], |page| page.rows.as_slice());
        let is_between = |row: &Row| {
            let end = self.end(row);
            self.series_of(row) == self.series_of(latest) && end > self.end(previous) && end <= self.end(latest)
        };
        if breaks.iter().any(is_between) {
            return Err(Unsaid::Break);
        }
        let figure = |row: &'p Row| {
            Some(Figure {
                value: self.cell(row, "value")?,
                qualifier: self.cell(row, "qualifier")?,
                statuses: self.cell(row, STATUSES)?,
                rounded: self.cell(row, "rounding").is_some(),
            })
        };
        let (earlier, later) = (figure(previous).ok_or(Unsaid::NoPrevious)?, figure(latest).ok_or(Unsaid::NoPrevious)?);
        let letters: String = [earlier.statuses, later.statuses].concat().replace(['[', ']', '"'], ",");
        Ok((change(earlier, later)?, additivity::weakest(&letters).unwrap_or("A")))
    }
}
