#!/bin/sh
# What `make bench` runs: `ossian bench` on CHECKPOINT, or on one of SHAPE (20b, 120b) with LAYERS layers and random
# weights, which is made where it is missing; with PEER=llama.cpp beside it, on the same model. The arguments go to
# `ossian bench`. All figures are kept in .bench, as JSON.
set -eu
cd "$(dirname "$0")/.."

shape=${SHAPE:-20b}
random=.bench/gpt-oss-$shape-random${LAYERS:+-${LAYERS}-layers}
checkpoint=${CHECKPOINT:-$random}
if [ -n "${CHECKPOINT:-}" ] && [ -n "${SHAPE:-}${LAYERS:-}" ]; then
    echo "SHAPE and LAYERS are for random weights; CHECKPOINT=$CHECKPOINT has a shape of its own." >&2
    exit 2
fi
name=$(basename "$checkpoint")

if [ "$checkpoint" = "$random" ] && [ ! -f "$random/config.json" ]; then
    echo "Making $random: random weights (once) …"
    .venv/bin/python -m benchmarks.random_checkpoint "$random" --shape "$shape" ${LAYERS:+--layers "$LAYERS"}
fi

if [ -n "${PEER:-}" ]; then
    # Another folder of that name, or the same one with other weights, is another model.
    state=$(cd "$checkpoint" && { pwd -P && LC_ALL=C ls -lL -- *.safetensors; } | cksum)
    file=.bench/$name-${state%% *}.gguf
    if [ ! -f "$file" ]; then
        echo "Making $file: the same model for $PEER (once) …"
        .venv/bin/python -m benchmarks.gguf_checkpoint "$checkpoint" "$file"
    fi
    set -- --peer "$PEER" --peer-file "$file" "$@"
fi

mkdir -p .bench
figures=.bench/$name-$(date +%Y%m%d-%H%M%S).json
.venv/bin/ossian bench "$checkpoint" --json "$figures" "$@"
echo "All figures: $figures (or where --json says)"
