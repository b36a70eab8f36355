# Translations. Sourced by ./ar; expects root, work, python and the functions of ./ar.

i18n_export() {  # i18n_export FOLDER ADDON... : FOLDER/ADDON.pot of the test database's terms
    local folder=$1 log=$work/log/i18n.log addon
    shift
    mkdir -p "$folder"
    for addon in "$@"; do
        odoo i18n export -c "$conf" -d "$db" "$addon" -o "$folder/$addon.pot" >"$log" 2>&1 ||
            die "the terms of $addon could not be exported, see $log"
    done
}

i18n_update() {
    local fresh addon_list
    test_db
    fresh=$work/i18n-$db
    IFS=, read -ra addon_list <<<"${AR_ADDONS:-$(all_addons)}"
    rm -rf "$fresh"
    i18n_export "$fresh" "${addon_list[@]}"
    "$python" "$root/.ci/i18n_merge.py" "$root" "$fresh"/*.pot
    rm -rf "$fresh"
}
