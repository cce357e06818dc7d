#!/bin/sh
# Measures the rules on simulated ports and writes the tables into README.md. Called by `make confusion`:
# confusion.sh "SEEDS" "CRIME_RATE:CONTAINERS:LOOK_ALIKES ..." "PORT_WITHOUT_FEEDS"; BASELINE names the baselines,
# QUAYWATCH the binary.
set -eu

here=crates/detection
work=.local/confusion
quaywatch=${QUAYWATCH:-target/release/quaywatch}
seeds=$1
ports=$2
bare=$3
mkdir -p "$work"

# report NAME SEED CRIME_RATE CONTAINERS LOOK_ALIKES [FEED]
report() {
    port=$work/$1
    rm -rf "$port"
    $quaywatch simulate --out "$port" --seed "$2" --hours 336 --containers "$4" --crime-rate "$3" --look-alikes "$5" \
        ${6:+--without "$6"} 2> /dev/null
    status=0
    $quaywatch backtest "$port" --truth "$port/truth.ndjson" --rules $here/confusion.toml --baselines "$BASELINE" \
        --report "$work/$1.json" > /dev/null 2> "$work/$1.txt" || status=$?
    test $status -le 1
    mv "$port/feeds.toml" "$work/$1.toml"
    rm -rf "$port"
}

tables=$work/README.md
sed '/^## Measured/q' $here/README.md > "$tables"
for port in $ports; do
    IFS=: read -r crimes containers looks <<PORT
$port
PORT
    reports=
    running=0
    for seed in $seeds; do
        echo "seed $seed, one crime in $crimes, one look-alike in $looks"
        report "$crimes-$looks-$seed" "$seed" "$crimes" "$containers" "$looks" &
        reports="$reports $work/$crimes-$looks-$seed.json"
        running=$((running + 1))
        test $((running % 2)) -ne 0 || wait
    done
    wait
    printf '\n### One crime in %s containers, one look-alike in %s, %s containers a run\n\n' \
        "$crimes" "$looks" "$containers" >> "$tables"
    # shellcheck disable=SC2086
    jq -rs -f $here/confusion.jq $reports >> "$tables"
    printf '\nBy story:\n\n' >> "$tables"
    # shellcheck disable=SC2086
    jq -rs -f $here/stories.jq $reports >> "$tables"
done

# What is lost without a feed.
seeds=$(echo "$seeds" | cut -d' ' -f1-2)
IFS=: read -r crimes containers looks <<PORT
$bare
PORT

# of_all NAME [FEED]: reports of every seed.
of_all() {
    for seed in $seeds; do
        report "$1-$seed" "$seed" "$crimes" "$containers" "$looks" "${2:-}"
    done
    # shellcheck disable=SC2046
    jq -s . $(for seed in $seeds; do echo "$work/$1-$seed.json"; done) > "$work/$1.json"
}

of_all all
feeds="$(cat "$work"/all-*.toml | sed -n 's/^\[feeds\.\([^.]*\)\]$/\1/p' | awk '!known[$0]++') agencies"
running=0
for feed in $feeds; do
    echo "without $feed"
    of_all "without-$feed" "$feed" &
    running=$((running + 1))
    test $((running % 2)) -ne 0 || wait
done
wait

# row TITLE NAME
row() {
    jq -rn --arg feed "$1" --slurpfile all "$work/all.json" --slurpfile less "$work/$2.json" -f $here/without.jq
}

{
    printf '\n### Without a feed\n\nSeeds %s, one crime in %s of %s containers, every story told: recall over all codes, and what is found less often than with all feeds.\n\n' \
        "$(echo "$seeds" | sed 's/ / and /')" "$crimes" "$containers"
    printf '| feed | recall | less found |\n| --- | ---: | --- |\n'
    row "none left out" all
    for feed in $feeds; do
        row "\`$feed\`" "without-$feed"
    done
} >> "$tables"
mv "$tables" $here/README.md
