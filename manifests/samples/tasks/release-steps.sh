table=$(jq --raw-output .table <<<"$DATA")

echo "1. back up $table"
printf 'id,total\n1,20\n' >backup.csv

echo "2. tell how much it was"
rows=$(tail --lines=+2 backup.csv | wc --lines)
jq --null-input --argjson rows "$rows" '{$rows}' >"$KEPTN_RESULT"
