//! The examples that the client's documentation shows, run against a server.
//!
//! They are run here because the client cannot depend on the server, be it for
//! its tests only: a build of its example program would build a server, too.

/// ```
#[doc = include_str!("../../client/docs/open_account.rs")]
/// use gestan_account_client::FileTokenStore;
/// use gestan_account_tests::TestServer;
///
/// tokio::runtime::Runtime::new()?.block_on(async {
///     let server = TestServer::start().await;
///     let folder = tempfile::tempdir()?;
///     let store = FileTokenStore::new(folder.path().join("link-token"));
///     let code = async || server.code_to("jeanne@exemple.fr").await;
///     let url = format!("http://{}", server.address);
///     let account = open_account(&url, &store, code).await?;
///     server.deliver_mail().await;
///
///     assert_eq!((account.id, &*account.city), (1, "Lille"));
///     let linked = server.client.with_link_token(&store.load()?.expect("the token"));
///     let read = linked.get(v1::GetRequest::default()).await?;
///     assert_eq!(read.account, Some(account));
///     Ok::<(), Box<dyn Error>>(())
/// })?;
/// # Ok::<(), Box<dyn Error>>(())
/// ```
struct OpenAccount;

/// ```
#[doc = include_str!("../../client/docs/join_account.rs")]
/// use gestan_account_tests::{PASSWORD, TestServer};
///
/// let runtime = tokio::runtime::Runtime::new().expect("a runtime");
/// let server = runtime.block_on(TestServer::start());
/// let member = runtime.block_on(server.open_account("jeanne@exemple.fr", 1));
/// let url = format!("http://{}", server.address);
/// assert_eq!(join_account(&url, member.account_id, PASSWORD)?, "jeanne@exemple.fr");
/// runtime.block_on(async move { server.deliver_mail().await });
/// # Ok::<(), Error>(())
/// ```
struct JoinAccount;

/// ```
#[doc = include_str!("../../client/docs/explain.rs")]
/// use gestan_account_client::{ClientOptions, v1::CreateRequest};
/// use gestan_account_server::throttle::Throttles;
/// use gestan_account_tests::{TestServer, TestServerOptions, machine, uuid};
///
/// tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
///     let throttles = Throttles::default();
///     let options = TestServerOptions { throttles, ..Default::default() };
///     let server = TestServer::start_with(options).await;
///     let client = server.connect(ClientOptions::new().locale("fr-FR")).await;
///     let mut request = CreateRequest {
///         request_id: uuid(1),
///         email: "jeanne".into(),
///         ..Default::default()
///     };
///     let lines = explain(&client.create(request.clone()).await.unwrap_err());
///     assert_eq!(lines.len(), 3, "{lines:?}");
///     assert!(lines[1].starts_with("email: "), "{lines:?}");
///     assert!(lines[2].starts_with("machine: "), "{lines:?}");
///
///     request.email = "jeanne@exemple.fr".into();
///     request.machine = Some(machine(1));
///     client.create(request.clone()).await?;
///     server.deliver_mail().await;
///     request.request_id = uuid(2);
///     let lines = explain(&client.create(request).await.unwrap_err());
///     assert_eq!(lines[1..], ["encore 60 s"]);
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
struct Explain;

/// ```
#[doc = include_str!("../../client/docs/trust.rs")]
/// use std::sync::Arc;
///
/// use gestan_account_client::v1;
/// use gestan_account_server::listener::{Transport, tls::Tls};
/// use gestan_account_tests::{Authority, Identity, TestServer, TestServerOptions, start_time};
///
/// tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
///     let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
///     authority.issue().write(folder.path());
///     let tls = Tls::load(Identity::files(folder.path()), start_time()).expect("the files are good");
///     let transport = Transport { tls: Some(Arc::new(tls)), ..Default::default() };
///     let client_tls = Some(authority.client_options());
///     let options = TestServerOptions { transport, client_tls, ..Default::default() };
///     let server = TestServer::start_with(options).await;
///
///     let url = format!("https://{}", server.address);
///     let client = connect(&url, &authority.pem()).await?;
///     let refused = client.get(v1::GetRequest::default()).await.unwrap_err();
///     assert_eq!(refused.reason(), Some(v1::ErrorReason::InvalidCredentials));
///     let stranger = connect(&url, &Authority::new().pem()).await;
///     assert!(matches!(stranger, Err(Error::Transport(_))), "{stranger:?}");
///     Ok::<(), Error>(())
/// })?;
/// # Ok::<(), Error>(())
/// ```
struct Trust;
