// kedacron says of each line {zone, start, end, at} what KEDA's cron scaler would: the next start, the next end, and
// whether `at` is inside. The rule is GetMetricsAndActivity of pkg/scalers/cron_scaler.go, with the time as a value.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

type question struct {
	Zone, Start, End string
	At               int64
}

func main() {
	lines, answers := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		check(json.Unmarshal(lines.Bytes(), &asked))
		check(answers.Encode(answer(asked)))
	}
	check(lines.Err())
}

func answer(asked question) []any {
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	location, err := time.LoadLocation(asked.Zone)
	check(err)
	start, err := parser.Parse(asked.Start)
	check(err)
	end, err := parser.Parse(asked.End)
	check(err)
	now := time.Unix(asked.At, 0).In(location)
	nextStart, nextEnd := start.Next(now), end.Next(now)
	inside := now.After(nextStart) || now.Before(nextEnd)
	if nextStart.Before(nextEnd) {
		inside = now.After(nextStart) && now.Before(nextEnd)
	}
	return []any{nextStart.Unix(), nextEnd.Unix(), inside}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
