# xmlsec1's side. `--verify` or `--sign`, and options of xmlsec1, as arguments. Its own --repeat, less a run of one, so that start-up and the loading of keys do not count.
TIMEFORMAT='%3U %3S'

# Milliseconds of processor time of `$1` operations on the file `$2`; fails when the last of them does.
spend() {
  local times user system
  times=$({ time xmlsec1 "$operation" --repeat "$1" "${options[@]}" "$2" >/dev/null 2>&1; } 2>&1) || return
  read -r user system <<<"$times"
  echo $((10#${user/./} + 10#${system/./}))
}

operation=$1
options=("${@:2}")
xmlsec1 --version
while read -r repeats file; do
  if one=$(spend 1 "$file") && all=$(spend $((repeats + 1)) "$file"); then
    echo $(((all - one) * 1000000))
  else
    echo refused
  fi
done
