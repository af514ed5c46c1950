#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed says what it is made of: an SPDX 2.3 document with every library that was
# linked in or is loaded, its version and its licence. The build is the same under sanitizers.
# long
. "$(dirname "$0")/lib.sh"

build=$(dirname "$PAIRGATE")
[[ -e $build/CMakeCache.txt ]] || skip 'the program is in no build directory'
if is_sanitized; then skip 'a build with sanitizers loads what nobody installs'; fi
check 'it is installed' cmake --install "$build" --prefix "$scratch/usr"
sbom=$scratch/usr/share/doc/pairgate/pairgate.spdx.json

# says SENTENCE JQ-EXPRESSION
says() { check "$1" jq -e "$2" "$sbom"; }

# SPDX 2.3, clauses 6, 7 and 11
says 'the document has its fields' '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0"
    and .SPDXID == "SPDXRef-DOCUMENT" and (.name | length > 0)
    and (.documentNamespace | test("^https://[^#]+$")) and (.creationInfo.creators | length > 0)
    and (.creationInfo.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"))'
says 'each package has its own' '.packages | all(.[]; (.name | length > 0) and has("downloadLocation")
    and (.SPDXID | test("^SPDXRef-[A-Za-z0-9.-]+$")) and (.versionInfo | length > 0)
    and .filesAnalyzed == false)'
says 'and a licence' '.packages | all(.[]; .licenseDeclared | . != null and . != "NOASSERTION" and . != "NONE")'
says 'no identifier stands twice' '[.packages[].SPDXID] | length == (unique | length)'
says 'relationships are between what is there' '([.packages[].SPDXID] + ["SPDXRef-DOCUMENT"]) as $all
    | .relationships | all(.[]; (.spdxElementId | IN($all[])) and (.relatedSpdxElement | IN($all[])))'
equal 'every package but the program is linked to it' "$(jq '.packages | length - 1' "$sbom")" \
    "$(jq '[.relationships[] | select(.relationshipType | endswith("_LINK"))] | length' "$sbom")"
equal 'the program is the one that is installed' \
    "$(sha256sum "$scratch/usr/bin/pairgate" | cut -d' ' -f1)" \
    "$(jq -r '.packages[] | select(.name == "pairgate") | .checksums[0].checksumValue' "$sbom")"

# What the program says of itself, and what the loader is asked for.
"$PAIRGATE" --version >"$scratch/version"
for name in wolfSSL libcurl llhttp BLAKE3; do
    version=$(jq -r --arg name "$name" '.packages[] | select(.name == $name) | .versionInfo' "$sbom")
    check "$name is the version that the program tells" grep -F "$name $version" "$scratch/version"
done
while read -r library; do
    file=$(ldd "$PAIRGATE" | awk -v library="$library" '$1 == library { print $3 }')
    [[ $file ]] || continue # the loader itself
    package=$(dpkg-query -S "$(realpath "$file")" 2>/dev/null || dpkg-query -S "$(realpath "$file" | sed 's|^/usr||')")
    package=${package%%:*}
    equal "$library is in it as $package" "$(dpkg-query -W -f '${Version}' "$package")" \
        "$(jq -r --arg name "$package" '.packages[] | select(.name == $name) | .versionInfo' "$sbom")"
done < <(readelf -dW "$PAIRGATE" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
