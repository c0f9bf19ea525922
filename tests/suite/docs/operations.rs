//! Settings and commands are those of the program.

use gestan_account_server::cli::{self, Cli};
use gestan_account_tests::process::workspace;

use super::{documents, read};

#[test]
fn the_operators_guide_tells_every_setting_with_its_default() {
    let guide = read(&workspace().join("docs/OPERATIONS.md"));
    let command = cli::program();
    for argument in command.get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let variable = variable.to_string_lossy();
        let name = variable.strip_prefix("GESTAN_ACCOUNT_").expect("our prefix");
        let row =
            guide.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/OPERATIONS.md has no row for {name}"));
        for default in argument.get_default_values() {
            let default = default.to_string_lossy();
            let is_told = row.contains(&format!("`{default}`"))
                || matches!(&*default, "" | "false")
                || default.parse::<u32>().is_ok_and(|_| row.contains(&*default));
            assert!(is_told, "docs/OPERATIONS.md does not tell the default {default} of {name}");
        }
    }
}

#[test]
fn every_command_of_the_server_in_the_documents_is_understood() {
    let mut understood = 0;
    for document in documents() {
        let text = read(&workspace().join(&document)).replace("\\\n", " ");
        let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        for line in blocks.flat_map(str::lines) {
            let by_cargo = line.split_once("--bin gestan-account-server --");
            let Some((_, arguments)) =
                by_cargo.or_else(|| line.split_once("target/debug/gestan-account-server"))
            else {
                continue;
            };
            let arguments = arguments.split(')').next().unwrap_or_default();
            let arguments = arguments.split_whitespace().map(|word| word.trim_matches('"'));
            let parsed = Cli::parse(["server"].into_iter().chain(arguments));
            assert!(parsed.is_ok(), "{document}: {line}: {:?}", parsed.err());
            understood += 1;
        }
    }
    assert!(understood >= 4, "only {understood} commands were found");
}
