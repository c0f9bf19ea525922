//! A company's network, out of which only a proxy leads.

use std::{env, error::Error as StdError, iter::successors, net::SocketAddr, time::Duration};

use gestan_account_client::{
    Client, ClientOptions, Error, Proxy, ProxyError, ProxyFault, TlsOptions, v1,
};
use gestan_account_tests::{
    Authority, ForwardProxy, Identity, Manner, TestServer,
    process::{Home, ServerProcess, TIMEOUT, run_to_end},
};
use tokio::{net::TcpListener, process::Command};

/// A name that no name server knows: only the proxy gets there.
const HOST: &str = "compte.exemple.invalid";

/// "caisse:sésame" in base64.
const CREDENTIALS: &str = "proxy-authorization: Basic Y2Fpc3NlOnPDqXNhbWU=";

fn through(proxy: Proxy) -> ClientOptions {
    ClientOptions::new().deadline(TIMEOUT).connect_timeout(TIMEOUT).proxy(proxy)
}

/// Makes a call, which the service answers with a refusal.
async fn call(url: &str, options: ClientOptions) -> Result<(), Error> {
    let client = Client::connect(url, options).await?;
    match client.get(v1::GetRequest::default()).await {
        Err(Error::Rejected(rejection)) => {
            assert_eq!(rejection.reason(), v1::ErrorReason::InvalidCredentials);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(answer) => panic!("{answer:?}"),
    }
}

/// All that an error says of its causes, and what the proxy did.
fn causes(error: &Error) -> (String, Option<ProxyFault>) {
    let all: Vec<&dyn StdError> =
        successors(Some(error as &dyn StdError), |&cause| cause.source()).collect();
    let fault = all.iter().find_map(|cause| cause.downcast_ref::<ProxyError>());
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    (texts.join(": "), fault.map(|error| error.fault().clone()))
}

#[tokio::test]
async fn a_proxy_leads_to_a_service_that_it_alone_can_find() {
    let server = TestServer::start().await;
    let proxy = ForwardProxy::start(Manner::Leads(server.address)).await;
    let url = format!("http://{HOST}:50051");
    call(&url, through(Proxy::url(proxy.url()))).await.expect("the proxy leads there");
    let head = format!("CONNECT {HOST}:50051 HTTP/1.1\r\nhost: {HOST}:50051\r\n");
    assert!(proxy.asked()[0].starts_with(&head), "{:?}", proxy.asked());

    // Without it, there is no way.
    let error = call(&url, through(Proxy::none())).await.expect_err("nobody knows the name");
    assert!(causes(&error).0.contains(HOST), "{error:?}");
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn what_goes_through_a_proxy_is_protected_from_it() {
    let home = Home::on_sqlite();
    let authority = Authority::new();
    authority.issue_for([HOST]).write(home.path());
    let files = Identity::files(home.path());
    let path = |file: &std::path::Path| file.to_str().expect("a path").to_owned();
    let (certificate, key) = (path(&files.certificate), path(&files.key));
    let arguments = ["--tls-certificate", &certificate, "--tls-key", &key];
    let server = ServerProcess::start(&home, &arguments).await;
    let proxy = ForwardProxy::start(Manner::Leads(server.address)).await;
    let options = |tls| through(Proxy::url(proxy.url())).tls(tls);
    // The certificate is checked for the service's name: it is not the proxy's.
    call(&format!("https://{HOST}"), options(authority.client_options())).await.expect("HTTPS");
    assert!(proxy.asked()[0].starts_with(&format!("CONNECT {HOST}:443 ")), "{:?}", proxy.asked());
    let others = options(TlsOptions::new());
    let error = call(&format!("https://{HOST}"), others).await.expect_err("a false authority");
    assert!(causes(&error).0.contains("UnknownIssuer"), "{}", causes(&error).0);
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_password_gets_it() {
    let server = TestServer::start().await;
    let proxy = ForwardProxy::start(Manner::LeadsIf(server.address, CREDENTIALS)).await;
    let url = format!("http://{HOST}:50051");
    let in_url = format!("http://caisse:s%C3%A9same@{}", proxy.address);
    call(&url, through(Proxy::url(in_url))).await.expect("they are in the URL");
    let set = Proxy::url(proxy.url()).basic_auth("caisse", "sésame");
    call(&url, through(set)).await.expect("they are set");

    // Wrong ones are not tried again: a proxy counts them.
    let before = proxy.asked().len();
    for (proxy, fault) in [
        (Proxy::url(proxy.url()), ProxyFault::PasswordNeeded),
        (Proxy::url(proxy.url()).basic_auth("caisse", "ouvre-toi"), ProxyFault::PasswordRefused),
    ] {
        let client = Client::connect_lazy(&url, through(proxy)).expect("a client");
        let error = client.get(v1::GetRequest::default()).await.expect_err("no password");
        assert_eq!(causes(&error).1, Some(fault));
        let told = format!("{error:?} {}", causes(&error).0);
        assert!(!told.contains("ouvre-toi") && !told.contains("caisse"), "{told}");
    }
    assert_eq!(proxy.asked().len(), before + 2);
}

#[tokio::test]
async fn what_a_proxy_does_instead_is_told_with_the_way_out() {
    let url = format!("http://{HOST}:50051");
    let long = "HTTP/1.1 200 OK\r\nX: ";
    for (manner, fault, words) in [
        (
            Manner::Says(
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
            ),
            ProxyFault::UnknownSignOn(vec!["Negotiate".into(), "NTLM".into()]),
            "sign-on by Negotiate, NTLM",
        ),
        (
            Manner::Says("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden"),
            ProxyFault::Refused(403),
            "allow CONNECT",
        ),
        // As tinyproxy answers a wrong password.
        (
            Manner::Says("HTTP/1.0 401 Unauthorized\r\n\r\n"),
            ProxyFault::PasswordNeeded,
            "user and a password",
        ),
        (Manner::Says("HTTP/1.0 302 Found\r\n\r\n"), ProxyFault::Refused(302), "(302)"),
        (Manner::Says("HTTP/1.1 502 Bad Gateway\r\n\r\n"), ProxyFault::NoWay(502), "way out"),
        (Manner::Says("SSH-2.0-OpenSSH\r\n"), ProxyFault::NotHttp, "its port"),
        (Manner::Says(""), ProxyFault::HungUp, "hung up"),
        (Manner::Says(long), ProxyFault::HungUp, "hung up"),
        (Manner::HangsUp, ProxyFault::HungUp, "hung up"),
        (Manner::Endless, ProxyFault::NotHttp, "its port"),
    ] {
        let proxy = ForwardProxy::start(manner.clone()).await;
        let error = call(&url, through(Proxy::url(proxy.url()))).await.expect_err("no way");
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        let (told, told_fault) = causes(&error);
        assert_eq!(told_fault, Some(fault), "{manner:?}: {told}");
        let names = [words, &proxy.address.to_string(), HOST];
        assert!(names.iter().all(|name| told.contains(name)), "{manner:?}: {told}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_away_ends_within_the_connect_timeout() {
    let url = format!("http://{HOST}:50051");
    let brief = |proxy| through(proxy).connect_timeout(Duration::from_secs(1));
    let proxy = ForwardProxy::start(Manner::Silent).await;
    let error = call(&url, brief(Proxy::url(proxy.url()))).await.expect_err("silence");
    assert_eq!(causes(&error).1, Some(ProxyFault::NoAnswer));
    assert!(causes(&error).0.contains(&proxy.address.to_string()));

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone = listener.local_addr().expect("an address");
    drop(listener);
    let error = call(&url, through(Proxy::url(format!("http://{gone}")))).await;
    let (told, fault) = causes(&error.expect_err("nobody listens"));
    assert!(matches!(fault, Some(ProxyFault::Unreached(_))), "{told}");
    assert!(told.contains(&format!("{gone}: connection refused")), "{told}");
}

#[tokio::test]
async fn this_machine_and_excepted_hosts_are_not_looked_for_by_the_proxy() {
    let server = TestServer::start().await;
    let proxy = ForwardProxy::start(Manner::HangsUp).await;
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}", server.address.port());
        call(&url, through(Proxy::url(proxy.url()))).await.expect("straight");
    }
    let excepting = Proxy::url(proxy.url()).except("exemple.invalid");
    let error = call(&format!("http://{HOST}"), through(excepting)).await.expect_err("no name");
    assert!(causes(&error).1.is_none(), "{error:?}");
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn variables_count_where_the_program_says_so() {
    const TARGET: &str = "GESTAN_TEST_PROXIED_TARGET";
    if let Ok(url) = env::var(TARGET) {
        call(&url, through(Proxy::environment())).await.expect("the proxy leads there");
        let error = call(&url, through(Proxy::system())).await.expect_err("no such name");
        assert!(causes(&error).1.is_none(), "{error:?}");
        return;
    }
    let server = TestServer::start().await;
    let again = async |variable: &str, proxy: SocketAddr, except: &str| {
        let mut command = Command::new(env::current_exe().expect("the path of this test"));
        let test = "client::proxies::variables_count_where_the_program_says_so";
        command.args(["--exact", test]).env(TARGET, format!("http://{HOST}")).kill_on_drop(true);
        command.env(variable, proxy.to_string()).env("NO_PROXY", except);
        let ended = run_to_end(&mut command).await;
        assert!(ended.printed.contains("running 1 test\n"), "{}", ended.printed);
        ended.status.success()
    };
    let proxy = ForwardProxy::start(Manner::Leads(server.address)).await;
    assert!(again("http_proxy", proxy.address, "").await);
    assert!(again("ALL_PROXY", proxy.address, "gestan.example").await);
    assert!(!again("ALL_PROXY", proxy.address, "gestan.example, exemple.invalid").await);
    assert!(!again("HTTPS_PROXY", proxy.address, "").await, "the URL begins with http://");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_one_is_refused_before_anything_is_sent() {
    for url in [
        "socks5://proxy.exemple.fr:1080",
        "https://proxy.exemple.fr",
        "http://",
        "http://caisse:pass word@proxy.exemple.fr",
        "http://caisse:pass@word@proxy.exemple.fr",
        "http://proxy.exemple.fr/path",
        "/",
    ] {
        let proxy = Proxy::url(url);
        assert!(!format!("{proxy:?}").contains("pass"), "{proxy:?}");
        let error = call("http://127.0.0.1:1", through(proxy)).await.expect_err("no proxy");
        assert!(matches!(error, Error::InvalidOptions(_)), "{url}: {error:?}");
        let told = format!("{error} {error:?}");
        assert!(told.contains("proxy") && !told.contains("pass@"), "{told}");
    }
}
