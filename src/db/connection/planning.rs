//! Owns how Postgres plans the statements of a connection, and the settings of a session that make it do so.
//! Must not know which reads use a connection.

/// How Postgres plans the statements that a connection has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planning {
    /// Once, for any values: for reads that find few rows by an index whatever the values are.
    Once,
    /// For the values of each execution: for reads whose best plan depends on them.
    EachTime,
    /// The same, and each statement runs in one process: to start others for each chunk of an export costs more than they save.
    EachTimeAlone,
}

impl Planning {
    /// The settings of a session. The pages of an index that is always in use are in memory, so that it is best read in its order
    /// up to the end of a page, and not whole and then sorted.
    pub(super) fn settings(self) -> &'static str {
        match self {
            Planning::Once => "-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1",
            Planning::EachTime => "-c plan_cache_mode=force_custom_plan",
            Planning::EachTimeAlone => "-c plan_cache_mode=force_custom_plan -c max_parallel_workers_per_gather=0",
        }
    }
}
