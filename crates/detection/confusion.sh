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
done

# What is lost without a feed, on the first seed.
seed=${seeds%% *}
IFS=: read -r crimes containers looks <<PORT
$bare
PORT
report all "$seed" "$crimes" "$containers" "$looks"
feeds="$(sed -n 's/^\[feeds\.\([^.]*\)\]$/\1/p' "$work/all.toml") agencies"
running=0
for feed in $feeds; do
    echo "without $feed"
    report "without-$feed" "$seed" "$crimes" "$containers" "$looks" "$feed" &
    running=$((running + 1))
    test $((running % 2)) -ne 0 || wait
done
wait
{
    printf '\n### Without a feed\n\nSeed %s, one crime in %s of %s containers: recall over all codes, and what is found less often than with all feeds.\n\n' \
        "$seed" "$crimes" "$containers"
    printf '| feed | recall | less found |\n| --- | ---: | --- |\n'
    for feed in $feeds; do
        jq -rn --arg feed "$feed" --slurpfile all "$work/all.json" --slurpfile less "$work/without-$feed.json" \
            -f $here/without.jq
    done
} >> "$tables"
mv "$tables" $here/README.md
