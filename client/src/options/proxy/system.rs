//! The proxy of the system's settings. Windows alone has one place for them that every program
//! may read.
//!
//! hyper-util reads the same place, but only beside the environment variables, and takes neither a
//! proxy for each protocol nor `<local>`, which the dialogue of Windows writes.

use super::rules::Settings;

/// What the user of this system has set; `None` for no proxy.
#[cfg(windows)]
pub(super) fn settings() -> Option<Settings> {
    let settings = windows_registry::CURRENT_USER
        .open(r"Software\Microsoft\Windows\CurrentVersion\Internet Settings")
        .ok()?;
    if settings.get_u32("ProxyEnable").unwrap_or(0) == 0 {
        return None;
    }
    let text = |name| settings.get_string(name).unwrap_or_default();
    Some(of_values(&text("ProxyServer"), &text("ProxyOverride")))
}

/// There are none.
#[cfg(not(windows))]
pub(super) fn settings() -> Option<Settings> {
    None
}

/// `ProxyServer` is one proxy for all protocols, or `http=…;https=…`; `ProxyOverride` names hosts
/// with stars, and `<local>` for all that have no dot.
#[cfg(any(windows, test))]
pub(super) fn of_values(server: &str, exceptions: &str) -> Settings {
    use super::rules::Value;

    let proxy = |protocol: &str| {
        let mut parts = server.split([';', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let url = parts.find_map(|part| match part.split_once('=') {
            None => Some(part),
            Some((name, url)) if name.eq_ignore_ascii_case(protocol) => Some(url),
            Some(_) => None,
        });
        Value::new("the proxy of the system's settings", url.unwrap_or_default())
    };
    let exceptions = exceptions.split([';', ',', ' ']).map(str::trim);
    let (local, hosts): (Vec<_>, Vec<_>) =
        exceptions.partition(|host| host.eq_ignore_ascii_case("<local>"));
    let hosts: Vec<String> = hosts.into_iter().map(without_stars).collect();
    Settings {
        http: proxy("http"),
        https: proxy("https"),
        except: hosts.join(","),
        except_local: !local.is_empty(),
    }
}

/// `*.exemple.fr` is the name with those below it, `10.*` a network.
#[cfg(any(windows, test))]
fn without_stars(host: &str) -> String {
    if let Some(name) = host.strip_prefix("*.") {
        return name.to_owned();
    }
    let numbers: Vec<&str> = host.split('.').take_while(|part| *part != "*").collect();
    let is_network = host.ends_with(".*") && numbers.len() < 4;
    if is_network && numbers.iter().all(|number| number.parse::<u8>().is_ok()) {
        let zeros = ".0".repeat(4 - numbers.len());
        return format!("{}{zeros}/{}", numbers.join("."), numbers.len() * 8);
    }
    host.to_owned()
}
