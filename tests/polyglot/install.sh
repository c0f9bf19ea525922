#!/usr/bin/env bash
# Makes an empty project of a language in target/packages/installed, installs the package there from its
# file, as its README says, and builds the program that the README shows.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
venv=$root/tests/.venv
packages=$root/target/packages
readme=$root/client/packages/$1/README.md
project=$packages/installed/$1

# What stands in the README as this language.
shown() { awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$readme"; }

python() {
  "$venv/bin/python" -m venv . && shown python >open.py || return
  bin/pip install --quiet --disable-pip-version-check \
    --constraint "$root/tests/polyglot/python/requirements.txt" "$(echo "$packages"/python/*.whl)[types]"
}

npm() {
  echo '{ "private": true }' >package.json && shown js >open.mjs || return
  command npm install --prefer-offline --no-audit --no-fund --loglevel=error "$packages"/npm/*.tgz
}

java() {
  mkdir -p src/main/java && shown java >src/main/java/Open.java || return
  mvn --quiet --batch-mode org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file \
    -Dfile="$(echo "$packages"/java/*.jar)" || return
  cat >pom.xml <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>open</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
$(shown xml)
  </dependencies>
</project>
POM
  # The versions of the plugins are those that the other programs have.
  mvn --quiet --batch-mode \
    org.apache.maven.plugins:maven-resources-plugin:3.3.1:resources \
    org.apache.maven.plugins:maven-compiler-plugin:3.15.0:compile \
    org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
    -DoutputDirectory=target/libraries
}

# The modules that it needs come from where the other programs have them, but this one, which may have been
# another under the same version, comes from its file only.
go() {
  local known
  known=$(command go env GOMODCACHE)/cache/download
  shown go >main.go && command go mod init example.com/open || return
  export GOPROXY="file://$packages/go,file://$known,$(command go env GOPROXY)"
  export GONOSUMDB=gestan.fr GOMODCACHE=$project/modules GOFLAGS="-trimpath -modcacherw"
  command go get "gestan.fr/compte/account@$(cat "$packages"/go/gestan.fr/compte/account/@v/list)" \
    github.com/google/uuid@v1.6.0 &&
    command go build -mod=mod -o open .
}

rm -rf "$project" && mkdir -p "$project" && cd "$project" && "$1"
