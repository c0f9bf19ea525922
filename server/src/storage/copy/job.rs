//! The steps of a copy: an empty target is marked, every table is copied, every
//! table is compared.

use std::future::{self, Ready};

use sea_orm::{DatabaseConnection, DatabaseTransaction, PrimaryKeyTrait as _};

use super::{
    CopyError, TableReport, at, counter,
    digest::{self, Digest},
    progress, side,
    table::{self, CopiedTable},
};
use crate::storage::entity::{
    account, account_alias, audit_event, challenge, erased_account, event_outbox, idempotency_key,
    link, outbox_mail, personal_code, support_key, throttle, time_entry, time_entry_note,
};

/// Every table, in an order in which each row finds those it refers to. This is the only
/// list, so that nothing is copied that is not locked and compared.
macro_rules! each_table {
    ($job:ident . $step:ident ( $($argument:expr)? )) => {{
        $job.$step::<account::Entity>($($argument)?).await?;
        $job.$step::<account_alias::Entity>($($argument)?).await?;
        $job.$step::<erased_account::Entity>($($argument)?).await?;
        $job.$step::<link::Entity>($($argument)?).await?;
        $job.$step::<challenge::Entity>($($argument)?).await?;
        $job.$step::<personal_code::Entity>($($argument)?).await?;
        $job.$step::<idempotency_key::Entity>($($argument)?).await?;
        $job.$step::<outbox_mail::Entity>($($argument)?).await?;
        $job.$step::<event_outbox::Entity>($($argument)?).await?;
        $job.$step::<audit_event::Entity>($($argument)?).await?;
        $job.$step::<support_key::Entity>($($argument)?).await?;
        $job.$step::<time_entry::Entity>($($argument)?).await?;
        $job.$step::<time_entry_note::Entity>($($argument)?).await?;
        $job.$step::<throttle::Entity>($($argument)?).await?;
    }};
}

/// The names of all tables.
pub(super) async fn table_names() -> Result<Vec<String>, CopyError> {
    let mut names = Names::default();
    each_table!(names.add());
    Ok(names.0)
}

#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn add<E: CopiedTable>(&mut self) -> Ready<Result<(), CopyError>> {
        self.0.push(E::default().table_name().to_owned());
        future::ready(Ok(()))
    }
}

/// A copy in progress: a source that stays as it is, and a target that nobody else
/// changes.
pub(super) struct Job<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) source: DatabaseTransaction,
    pub(super) target: &'a DatabaseConnection,
}

impl Job<'_> {
    /// Copies every table.
    pub(super) async fn copy_all(&self) -> Result<(), CopyError> {
        each_table!(self.copy());
        Ok(())
    }

    /// Compares every table.
    pub(super) async fn compare_all(&self) -> Result<Vec<TableReport>, CopyError> {
        let mut reports = Vec::new();
        each_table!(self.compare(&mut reports));
        Ok(reports)
    }

    /// Gives the target the schema and the mark of a begun copy, unless it has
    /// them.
    pub(super) async fn begin_target(&self) -> Result<(), CopyError> {
        let identity = progress::identity(&self.source, self.from).await.map_err(at(self.from))?;
        match progress::source(self.target).await.map_err(at(self.to))? {
            Some(source) if source == identity => {
                tracing::info!("going on with a copy that was begun");
                return Ok(());
            }
            Some(_) => return Err(CopyError::OtherCopy { place: self.to.to_owned() }),
            None => {}
        }
        // Checked before the schema is touched: the database may be in use for something
        // else.
        each_table!(self.check_empty());
        side::migrate(self.target).await.map_err(at(self.to))?;
        progress::begin(self.target, &identity).await.map_err(at(self.to))
    }

    async fn check_empty<E: CopiedTable>(&self) -> Result<(), CopyError> {
        let table = E::default().table_name().to_owned();
        if table::has_rows::<E>(self.target).await.map_err(at(self.to))? {
            return Err(CopyError::NotEmpty { place: self.to.to_owned(), table });
        }
        Ok(())
    }

    /// Copies what no earlier run has.
    async fn copy<E: CopiedTable>(&self) -> Result<(), CopyError> {
        let name = E::default().table_name().to_owned();
        let mut after = table::last_key::<E>(self.target).await.map_err(at(self.to))?;
        let mut rows = 0_usize;
        loop {
            let page = table::page::<E>(&self.source, after.as_ref()).await;
            let page = page.map_err(at(self.from))?;
            let Some(last) = page.last() else { break };
            let key = table::key::<E>(last);
            let before = rows;
            rows += page.len();
            table::insert::<E>(self.target, page, &key).await.map_err(at(self.to))?;
            after = Some(key);
            if before / table::ROWS_A_LINE != rows / table::ROWS_A_LINE {
                tracing::info!(table = %name, rows, "copying");
            }
        }
        if E::PrimaryKey::auto_increment() {
            let last = counter::due(&self.source, &name).await.map_err(at(self.from))?;
            counter::write(self.target, &name, last).await.map_err(at(self.to))?;
        }
        tracing::info!(table = %name, rows, "copied");
        Ok(())
    }

    /// Compares every row, the number of rows and the last number given out.
    async fn compare<E: CopiedTable>(
        &self,
        reports: &mut Vec<TableReport>,
    ) -> Result<(), CopyError> {
        let name = E::default().table_name().to_owned();
        let differs = |what: String| CopyError::Differs { table: name.clone(), what };
        let (mut after, mut rows, mut differing) = (None, 0_u64, 0_u64);
        let mut digest = Digest::default();
        loop {
            let page = table::page::<E>(&self.source, after.as_ref()).await;
            let page = page.map_err(at(self.from))?;
            let Some(last) = page.last() else { break };
            after = Some(table::key::<E>(last));
            let copies = table::digests::<E>(self.target, &page).await.map_err(at(self.to))?;
            for row in &page {
                let own = digest::of_row::<E>(row).map_err(at(self.from))?;
                rows += 1;
                differing += u64::from(copies.get(&table::key::<E>(row).to_string()) != Some(&own));
                digest.add(&own);
            }
        }
        if differing > 0 {
            return Err(differs(format!("{differing} of {rows} rows")));
        }
        let copies = table::count::<E>(self.target).await.map_err(at(self.to))?;
        if copies != rows {
            return Err(differs(format!("{rows} rows have become {copies}")));
        }
        let mut last_id = None;
        if E::PrimaryKey::auto_increment() {
            let last = counter::due(&self.source, &name).await.map_err(at(self.from))?;
            let copy = counter::read(self.target, &name).await.map_err(at(self.to))?;
            if copy != last {
                return Err(differs(format!("its last number {last} has become {copy}")));
            }
            last_id = Some(last);
        }
        tracing::info!(table = %name, rows, "compared");
        reports.push(TableReport { name, rows, digest: digest.to_hex(), last_id });
        Ok(())
    }
}
