//! Which APE codes there are.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail};

use crate::domain::ape_code::Nomenclature;

/// The list of codes that this program does not bring along.
#[derive(clap::Args)]
#[command(next_help_heading = "Reference data")]
pub struct NomenclatureSettings {
    /// File of NAF 2025 codes, one per line. Without it only their shape is checked.
    #[arg(long, env = "GESTAN_ACCOUNT_NAF_2025_FILE", value_name = "FILE")]
    naf_2025_file: Option<PathBuf>,
}

impl NomenclatureSettings {
    /// The codes.
    ///
    /// # Errors
    /// When the list cannot be read, or holds none.
    pub fn nomenclature(&self) -> anyhow::Result<Nomenclature> {
        let Some(path) = &self.naf_2025_file else {
            return Ok(Nomenclature::default());
        };
        let list = fs::read_to_string(path)
            .with_context(|| format!("cannot read the NAF 2025 list {}", path.display()))?;
        let nomenclature = Nomenclature::with_naf_2025(&list);
        let codes = nomenclature.naf_2025_len().unwrap_or_default();
        if codes == 0 {
            bail!("{} holds no code of NAF 2025", path.display());
        }
        tracing::info!(codes, "NAF 2025 checked by list");
        Ok(nomenclature)
    }
}
