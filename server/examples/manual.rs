//! Writes the manual pages and the shells' completions of the server's program into a folder,
//! from the command line that the program itself reads. The Debian package ships them; the
//! program holds nothing of them.

use std::{env, fs, io, path::Path};

use clap::Command;
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use gestan_account_server::cli;

/// Of the manual: commands of the administrator.
const SECTION: &str = "8";

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).ok_or_else(|| io::Error::other("into which folder?"))?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut program = cli::program();
    let name = program.get_name().to_owned();
    for shell in [Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut program, &name, folder)?;
    }
    let bash = generate_to(Shell::Bash, &mut program, &name, folder)?;
    join_commands(&bash, &name)?;
    // Has each command know the name of the one above it.
    program.build();
    write_pages(&program, folder)
}

/// Has bash find the commands of a program with `-` in its name: `clap_complete` 4.6.12 writes that
/// name in one way where it notes the command, and in another where it looks for it.
fn join_commands(completion: &Path, program: &str) -> io::Result<()> {
    let looked_for = program.replace('-', "__subcmd__");
    let noted = program.replace('-', "__");
    let text = fs::read_to_string(completion)?;
    fs::write(completion, text.replace(&looked_for, &noted))
}

/// A page for the command, and one for each command below it.
fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    Man::new(command.clone()).section(SECTION).generate_to(folder)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_pages(below, folder)?;
    }
    Ok(())
}
