// KEDA's metrics adapter without its /metrics server. KEDA's own main (cmd/adapter) opens that server on all interfaces and
// has no flag for it; whatever a test starts listens on loopback only. Everything that answers the autoscaler is KEDA's.
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/cmd"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"github.com/kedacore/keda/v2/pkg/metricsservice"
	"github.com/kedacore/keda/v2/pkg/provider"
)

func main() {
	if err := run(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctrl.SetLogger(zap.New())
	adapter := &cmd.AdapterBase{Name: "keda-adapter"}
	operator := adapter.Flags().String("metrics-service-address", "", "the address of the operator's gRPC metrics service")
	if err := adapter.Flags().Parse(os.Args); err != nil {
		return err
	}
	if err := keda.AddToScheme(scheme.Scheme); err != nil {
		return err
	}
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Metrics: server.Options{BindAddress: "0"}, Scheme: scheme.Scheme,
	})
	if err != nil {
		return err
	}
	certificates := adapter.SecureServing.ServerCert.CertDirectory
	client, err := metricsservice.NewGrpcClient(ctx, *operator, certificates, "", "", grpcprom.NewClientMetrics(), false)
	if err != nil {
		return err
	}
	go func() {
		if err := manager.Start(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	adapter.WithExternalMetrics(provider.NewProvider(ctx, ctrl.Log.WithName("adapter"), manager.GetClient(), *client))
	return adapter.Run(ctx)
}
