//! Which proxy follows from which settings.

use super::*;

fn place(settings: &Settings, target: &str) -> Option<String> {
    let rules = Rules::new(settings, None, "").unwrap();
    rules.hop(&target.parse().unwrap()).map(|hop| hop.to_string())
}

#[test]
fn the_scheme_of_the_url_decides_which_variable_counts() {
    let place = |variables: &[(&str, &str)], target: &str| {
        let found = |name: &str| {
            let variable = variables.iter().find(|(other, _)| *other == name);
            variable.map(|(_, value)| (*value).to_owned())
        };
        place(&Settings::of_variables(found), target)
    };
    let (http, https) = ("http://a.example.fr", "https://a.example.fr");
    let both = [("HTTPS_PROXY", "http://one:3128"), ("https_proxy", "two"), ("ALL_PROXY", "three")];
    assert_eq!(place(&both, https).as_deref(), Some("one:3128"));
    assert_eq!(place(&both[1..], https).as_deref(), Some("two:80"));
    assert_eq!(place(&both, http).as_deref(), Some("three:80"));
    assert_eq!(place(&[("http_proxy", "four:8080")], http).as_deref(), Some("four:8080"));
    assert_eq!(place(&[("HTTP_PROXY", "four:8080")], http), None);
    let except = ("no_proxy", "b.example.fr,10.0.0.0/8");
    let some = [("all_proxy", "[2001:db8::1]:3128"), except];
    assert_eq!(place(&some, http).as_deref(), Some("[2001:db8::1]:3128"));
    for excepted in ["https://b.example.fr", "https://c.b.example.fr", "http://10.1.2.3:50051"] {
        assert_eq!(place(&some, excepted), None, "{excepted}");
    }
}

#[test]
fn this_machine_is_never_looked_for_by_a_proxy() {
    for host in
        ["localhost", "LOCALHOST.", "a.localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"]
    {
        let target = format!("http://{host}:50051");
        assert_eq!(place(&Settings::of_url("proxy"), &target), None, "{host}");
    }
    let target = "http://localhost.example.fr";
    assert_eq!(place(&Settings::of_url("proxy"), target).as_deref(), Some("proxy:80"));
}

#[test]
fn the_settings_of_windows_are_understood() {
    let (http, https) = ("http://a.example.fr", "https://a.example.fr");
    let one = || system::of_values("proxy.example.fr:3128", "");
    assert_eq!(place(&one(), http).as_deref(), Some("proxy.example.fr:3128"));
    assert_eq!(place(&one(), https).as_deref(), Some("proxy.example.fr:3128"));
    let each = || system::of_values("http=one:80;https=two:81;ftp=three:82", "");
    assert_eq!(place(&each(), http).as_deref(), Some("one:80"));
    assert_eq!(place(&each(), https).as_deref(), Some("two:81"));
    assert_eq!(place(&system::of_values("http=one:80", ""), https), None);
    assert_eq!(place(&system::of_values("", "<local>"), https), None);

    let except = "*.interne.fr; 10.*;192.168.*;serveur.example.fr;<local>";
    for (host, is_excepted) in [
        ("a.interne.fr", true),
        ("10.1.2.3", true),
        ("192.168.0.9", true),
        ("192.169.0.9", false),
        ("serveur.example.fr", true),
        ("autre.example.fr", false),
        ("intranet", true),
    ] {
        let found = place(&system::of_values("proxy", except), &format!("https://{host}"));
        assert_eq!(found.is_none(), is_excepted, "{host}");
    }
    assert!(place(&system::of_values("proxy", ""), "https://intranet").is_some());
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let secret = "p@ss:wörd/\r\n";
    let proxy = Proxy::url("http://proxy:3128").basic_auth("caisse", secret);
    let Resolved::Fixed(Some(rules)) = proxy.resolve().unwrap() else { panic!("no rules") };
    let hop = rules.hop(&"http://a.example.fr".parse().unwrap()).unwrap();
    // "caisse:p@ss:wörd/\r\n" in base64.
    assert_eq!(hop.authorization.as_ref().unwrap(), "Basic Y2Fpc3NlOnBAc3M6d8O2cmQvDQo=");
    for shown in [format!("{hop:?}"), hop.to_string(), format!("{proxy:?}")] {
        assert!(!shown.contains("caisse") && !shown.contains("p@ss"), "{shown}");
        assert!(!shown.contains("Y2Fp"), "{shown}");
    }
    let both = Proxy::url("http://a:b@proxy").basic_auth("caisse", secret);
    assert!(!format!("{both:?}").contains("a:b"));
    let Resolved::Fixed(Some(rules)) = both.resolve().unwrap() else { panic!("no rules") };
    let hop = rules.hop(&"http://a.example.fr".parse().unwrap()).unwrap();
    assert_eq!(hop.authorization.unwrap(), "Basic YTpi");
    assert!(Proxy::url("proxy").basic_auth("a:b", "c").resolve().is_err());
}
