//! Where each setting comes from: its flag, else its variable, else the file that has a
//! secret alone, else the file of settings, else its default.
//!
//! What is in a file is put among the arguments, as its flag would be typed: whatever clap
//! asks of a setting (its form, what else it needs) is asked of it there, too. These are not
//! the arguments that other users of the machine see.

use std::{collections::BTreeMap, env, ffi::OsString, fmt, fs, path::PathBuf};

use clap::{Command, builder::ArgAction, error::ErrorKind};

use super::{
    config_file::{self, Values},
    known_settings::Setting,
    testing,
};

/// The flag that names the file of settings.
pub(super) const CONFIG: &str = "config";

/// The variable that names it.
const CONFIG_VARIABLE: &str = "GESTAN_ACCOUNT_CONFIG";

/// Where a setting comes from, if it is neither a flag, nor a variable, nor the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// A file that has its value and nothing else.
    Secret(PathBuf),
    /// The file of settings.
    Settings(PathBuf),
    /// None: a testing server has it so by default.
    Testing,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(path) | Self::Settings(path) => write!(f, "file {}", path.display()),
            Self::Testing => f.write_str("default of --testing"),
        }
    }
}

/// The settings that come from files, by the name of their flag.
pub(super) type FromFiles = BTreeMap<String, File>;

/// Puts what the files say of the settings of the command among `arguments`, of which the
/// second names it.
///
/// # Errors
/// When a file cannot be read, names what is no setting, or a secret is set twice.
pub(super) fn put_in_files(
    program: &Command,
    arguments: &mut Vec<OsString>,
) -> clap::error::Result<FromFiles> {
    let path = value_typed(arguments, CONFIG).or_else(|| variable(CONFIG_VARIABLE));
    // An empty flag is refused later, by its name.
    let path = path.filter(|path| !path.is_empty()).map(PathBuf::from);
    let values = match &path {
        Some(path) => config_file::read(path, program)?,
        None => Values::new(),
    };
    let command = arguments.get(1).and_then(|name| program.find_subcommand(name));
    let is_testing = testing::is_asked(|flag| is_typed(arguments, flag));
    if let Some(command) = command.filter(|_| is_testing) {
        testing::refuse_command(command.get_name())?;
    }
    let (mut from_files, mut typed) = (FromFiles::new(), Vec::new());
    let settings = command.into_iter().flat_map(|command| Setting::read_by(command, program));
    for setting in settings {
        refuse_both(&setting, &values)?;
        if let Some(origin) = typed_or_variable(&setting, arguments) {
            if is_testing {
                testing::refuse(&setting, &origin)?;
            }
            continue;
        }
        let in_files = in_files(&setting, &values, path.as_ref())?;
        if let Some((file, _)) = in_files.as_ref().filter(|_| is_testing) {
            testing::refuse(&setting, &file.to_string())?;
        }
        let of_testing = testing::default(&setting).filter(|_| is_testing);
        let of_testing = of_testing.map(|value| (File::Testing, value.to_owned()));
        let Some((file, value)) = in_files.or(of_testing) else { continue };
        typed.extend(as_argument(&setting, &value)?);
        from_files.insert(setting.flag.to_owned(), file);
    }
    let at = arguments.len().min(2);
    arguments.splice(at..at, typed);
    Ok(from_files)
}

/// Where a setting comes from that was typed, or stands in a variable.
fn typed_or_variable(setting: &Setting<'_>, arguments: &[OsString]) -> Option<String> {
    if is_typed(arguments, setting.flag) {
        return Some("a flag".to_owned());
    }
    variable(setting.variable).map(|_| format!("the variable {}", setting.variable))
}

/// The value of a setting that stands in a file.
fn in_files(
    setting: &Setting<'_>,
    values: &Values,
    path: Option<&PathBuf>,
) -> clap::error::Result<Option<(File, String)>> {
    if let Some(file) = setting.file_variable().and_then(|name| variable(&name)) {
        return secret_in(setting, file.into()).map(Some);
    }
    if let Some(file) = setting.file_key().and_then(|key| values.get(&key)) {
        return secret_in(setting, file.into()).map(Some);
    }
    let value = values.get(&setting.key()).zip(path);
    Ok(value.map(|(value, path)| (File::Settings(path.clone()), value.clone())))
}

fn secret_in(setting: &Setting<'_>, path: PathBuf) -> clap::error::Result<(File, String)> {
    let text = fs::read_to_string(&path).map_err(|error| {
        let what = format!("the file of `{}`, {}: {error}\n", setting.key(), path.display());
        clap::Error::raw(ErrorKind::ValueValidation, what)
    })?;
    let value = text.trim().to_owned();
    if value.is_empty() {
        let what = format!("the file of `{}`, {}, is empty\n", setting.key(), path.display());
        return Err(clap::Error::raw(ErrorKind::ValueValidation, what));
    }
    Ok((File::Secret(path), value))
}

/// Of a secret and the file of it only one can be meant.
fn refuse_both(setting: &Setting<'_>, values: &Values) -> clap::error::Result<()> {
    let variables = setting
        .file_variable()
        .filter(|name| variable(name).is_some() && variable(setting.variable).is_some());
    let keys = setting
        .file_key()
        .filter(|key| values.contains_key(key) && values.contains_key(&setting.key()));
    let both = variables
        .map(|file| (setting.variable.to_owned(), file))
        .or_else(|| keys.map(|file| (setting.key(), file)));
    match both {
        None => Ok(()),
        Some((value, file)) => {
            let text = format!("{value} and {file} are both set: take one of them away\n");
            Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
        }
    }
}

fn as_argument(setting: &Setting<'_>, value: &str) -> clap::error::Result<Option<OsString>> {
    if !matches!(setting.argument.get_action(), ArgAction::SetTrue) {
        return Ok(Some(format!("--{}={value}", setting.flag).into()));
    }
    match value.trim() {
        "true" => Ok(Some(format!("--{}", setting.flag).into())),
        "false" => Ok(None),
        _ => {
            let text =
                format!("`{}` in the file of settings must be true or false\n", setting.key());
            Err(clap::Error::raw(ErrorKind::InvalidValue, text))
        }
    }
}

/// A variable that is set, and not empty.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn is_typed(arguments: &[OsString], flag: &str) -> bool {
    arguments.iter().any(|argument| {
        let name = argument.to_str().and_then(|argument| argument.strip_prefix("--"));
        name.is_some_and(|name| name.split('=').next() == Some(flag))
    })
}

/// What stands behind a flag.
fn value_typed(arguments: &[OsString], flag: &str) -> Option<OsString> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str().and_then(|argument| argument.strip_prefix("--")) {
            Some(name) if name == flag => return rest.next().cloned(),
            Some(name) => match name.split_once('=') {
                Some((name, value)) if name == flag => return Some(value.into()),
                _ => {}
            },
            None => {}
        }
    }
    None
}
