//! The packages in other languages bear the version of the workspace, wherever it
//! has to be written, and so do the files that their documents name.

use gestan_account_tests::process::workspace;

use super::read;

/// What stands in which file; `{}` is the version.
const WRITTEN: [(&str, &str); 15] = [
    ("client/packages/python/pyproject.toml", "\nversion = \"{}\"\n"),
    ("client/packages/python/README.md", "gestan_account-{}-py3-none-any.whl"),
    ("client/packages/npm/package.json", "\"name\": \"@gestan/account\",\n  \"version\": \"{}\","),
    (
        "client/packages/npm/package-lock.json",
        "{\n  \"name\": \"@gestan/account\",\n  \"version\": \"{}\",",
    ),
    (
        "client/packages/npm/package-lock.json",
        "      \"name\": \"@gestan/account\",\n      \"version\": \"{}\",",
    ),
    ("client/packages/npm/README.md", "gestan-account-{}.tgz"),
    (
        "client/packages/java/pom.xml",
        "<artifactId>account-client</artifactId>\n  <version>{}</version>",
    ),
    ("client/packages/java/README.md", "-Dfile=account-client-{}.jar"),
    (
        "client/packages/java/README.md",
        "<artifactId>account-client</artifactId>\n  <version>{}</version>",
    ),
    ("client/packages/go/account.go", "\nconst Version = \"{}\"\n"),
    ("client/packages/go/README.md", "go get gestan.fr/compte/account@v{}\n"),
    ("client/packages/csharp/Gestan.Account.csproj", "<Version>{}</Version>"),
    ("tests/polyglot/go/go.mod", "\n\tgestan.fr/compte/account v{}\n"),
    (
        "tests/polyglot/java/pom.xml",
        "<artifactId>account-client</artifactId>\n      <version>{}</version>",
    ),
    ("Cargo.toml", "[workspace.package]\nversion = \"{}\"\n"),
];

#[test]
fn every_package_bears_the_version_of_the_workspace() {
    for (file, text) in WRITTEN {
        let expected = text.replace("{}", env!("CARGO_PKG_VERSION"));
        assert!(read(&workspace().join(file)).contains(&expected), "{file} lacks {expected}");
    }
}
