// The program of the test cluster's sandbox image: process 1 of a pod, which waits to be told to end.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	if len(os.Args) > 1 {
		os.Stdout.WriteString(os.Args[1] + "\n") // so that a test can read a log
	}
	<-end
}
