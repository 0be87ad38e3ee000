# Writes nginx's configuration with the addresses of the upstreams that UPSTREAMS names, and becomes nginx.
set -eu
servers=""
for name in $UPSTREAMS; do
  host=${name^^}_SERVICE_HOST port=${name^^}_SERVICE_PORT
  servers+="server ${!host}:${!port} max_fails=0; "
done
user=""
if [ "$(id -u)" = 0 ]; then user="user root;"; fi
sed -e "s|SERVERS|$servers|" -e "s|ADDRESS|$POD_IP:$PORT|" -e "s|^USER|$user|" nginx.conf > "$HOME/nginx.conf"
exec nginx -p "$HOME" -c nginx.conf -e stderr
