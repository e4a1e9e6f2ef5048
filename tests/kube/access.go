// Who may come in, and with which rights: an administrator, and two readers
// (one by certificate, one by token) that may look at everything and write
// nothing.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	reader    = "reader"
	tokenUser = "token-user"
	roleName  = "rhumb-reader"
)

// The controllers get all rights under their usual names, instead of a service
// account for each: the cluster is ready sooner, and RBAC still rules the rest.
var certificateUsers = []struct{ kubeconfig, user, group string }{
	{"kubeconfig", "admin", "system:masters"},
	{"kubeconfig-reader", reader, ""},
	{"pki/controllers.kubeconfig", "system:kube-controller-manager", "system:masters"},
	{"pki/scheduler.kubeconfig", "system:kube-scheduler", "system:masters"},
	{"pki/kwok.kubeconfig", "system:kwok", "system:masters"},
}

// Everything that has to be on disk before the servers start.
func (c *cluster) writeAccess() error {
	ca, err := loadAuthority(c.path("pki"))
	if err != nil {
		return err
	}
	if _, err := loadKey(c.path("pki/sa.key")); err != nil {
		return err
	}
	server, err := ca.server()
	if err != nil {
		return err
	}
	if err := writeWhole(c.path("pki/apiserver.crt"), server.cert); err != nil {
		return err
	}
	if err := writeWhole(c.path("pki/apiserver.key"), server.key); err != nil {
		return err
	}
	for _, u := range certificateUsers {
		var groups []string
		if u.group != "" {
			groups = []string{u.group}
		}
		id, err := ca.client(u.user, groups...)
		if err != nil {
			return err
		}
		auth := &api.AuthInfo{ClientCertificateData: id.cert, ClientKeyData: id.key}
		if err := c.writeKubeconfig(ca, u.kubeconfig, u.user, auth); err != nil {
			return err
		}
	}
	return c.writeToken(ca)
}

func (c *cluster) writeToken(ca *authority) error {
	token, err := os.ReadFile(c.path("token"))
	if os.IsNotExist(err) {
		token = []byte(rand.Text())
		err = writeWhole(c.path("token"), token)
	}
	if err != nil {
		return err
	}
	line := fmt.Appendf(nil, "%s,%s,%s\n", token, tokenUser, tokenUser)
	if err := writeWhole(c.path("pki/tokens.csv"), line); err != nil {
		return err
	}
	return c.writeKubeconfig(ca, "kubeconfig-token", tokenUser, &api.AuthInfo{Token: string(token)})
}

// Certificates stand in the file itself, so that it can be copied anywhere.
func (c *cluster) writeKubeconfig(ca *authority, name, user string, auth *api.AuthInfo) error {
	config := api.NewConfig()
	config.Clusters["kube"] = &api.Cluster{
		Server:                   fmt.Sprintf("https://127.0.0.1:%d", c.port),
		CertificateAuthorityData: ca.pem(),
	}
	config.AuthInfos[user] = auth
	config.Contexts["kube"] = &api.Context{Cluster: "kube", AuthInfo: user}
	config.CurrentContext = "kube"
	text, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return writeWhole(c.path(name), text)
}

func (c *cluster) client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.path("kubeconfig"))
	if err != nil {
		return nil, err
	}
	config.Timeout = 5 * time.Second
	return kubernetes.NewForConfig(config)
}

// Asks again until nothing is wrong.  A server that has ended ends the wait.
func (c *cluster) wait(ctx context.Context, what string, alive []string, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		for _, name := range alive {
			if serverPID(c.dir, name) == 0 {
				return fmt.Errorf("%s has ended; its log says:\n%s", name, logTail(c.dir, name))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not there in time: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *cluster) waitAPI(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	return c.wait(ctx, "the API server", servers[:2], func() error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// The controllers serve no port here; what they make shows that they work.
func (c *cluster) waitReady(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if err := makeReaders(ctx, client); err != nil {
		return fmt.Errorf("roles of the readers: %w", err)
	}
	if err := makeNodes(ctx, client, c.nodes); err != nil {
		return fmt.Errorf("nodes: %w", err)
	}
	err = c.wait(ctx, "the default service account", c.wanted(), func() error {
		for _, namespace := range []string{"default", "kube-system"} {
			core := client.CoreV1()
			if _, err := core.ServiceAccounts(namespace).Get(ctx, "default", meta.GetOptions{}); err != nil {
				return err
			}
			if _, err := core.ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", meta.GetOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.wait(ctx, "the set of nodes", c.wanted(), func() error { return nodesReady(ctx, client, c.nodes) })
}

func makeReaders(ctx context.Context, client *kubernetes.Clientset) error {
	look := []string{"get", "list", "watch"}
	role := &rbac.ClusterRole{
		ObjectMeta: meta.ObjectMeta{Name: roleName},
		Rules: []rbac.PolicyRule{
			{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: look},
			{NonResourceURLs: []string{"*"}, Verbs: []string{"get"}},
		},
	}
	binding := &rbac.ClusterRoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: roleName},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: roleName},
		Subjects: []rbac.Subject{
			{APIGroup: rbac.GroupName, Kind: rbac.UserKind, Name: reader},
			{APIGroup: rbac.GroupName, Kind: rbac.UserKind, Name: tokenUser},
		},
	}
	_, err := client.RbacV1().ClusterRoles().Create(ctx, role, meta.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, binding, meta.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return nil
}
