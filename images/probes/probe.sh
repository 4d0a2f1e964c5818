# What a function in bash finds in the image.
url=$(jq --raw-output .url <<<"$DATA")
writes() { (: >"$1") 2>/dev/null && echo true || echo false; }
git init --quiet repository
git -C repository -c user.name=probe -c user.email=probe@example.com commit --quiet --allow-empty --message none
remote=$(git ls-remote "$url" 2>&1 || true)
[[ $remote == *"not found"* ]] && remote='not found'
jq --null-input \
  --arg user "$(id --user)" \
  --arg capabilities "$(awk '/^CapEff:/ { print $2 }' /proc/self/status)" \
  --argjson writable "$(writes /tried)" \
  --argjson tmp "$(writes /tmp/tried)" \
  --arg app "$(jq --raw-output .appName <<<"$KEPTN_CONTEXT")" \
  --arg secret "$(jq --raw-output .token <<<"$SECURE_DATA")" \
  --arg downloaded "$(curl --silent --fail "$url")" \
  --arg commit "$(git -C repository log --format=%s)" \
  --arg remote "$remote" \
  --arg zone "$(TZ=Europe/Vienna date --date=2026-07-01T00:00:00Z +%Z)" \
  '{$user, $capabilities, readOnly: ($writable | not), $tmp, $app, $secret, $downloaded, $commit, $remote, $zone}' \
  >"$KEPTN_RESULT"
