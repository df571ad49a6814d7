// What the app runs on and with: network, database, secrets, logs, App Service plan. Deployed by the stage `infrastructure`,
// after registry.bicep, whose identity it uses. The app itself is app.bicep.

@maxLength(10)
@description('Begins the name of every resource; small letters and digits.')
param name string = 'apron'

param location string = resourceGroup().location

@description('App Service plan; from P0v3 on it may run in several zones.')
param planSku string = 'B1'

@minValue(1)
param planInstances int = 1

@description('Name and tier (Burstable, GeneralPurpose, MemoryOptimized).')
param postgresSku object = { name: 'Standard_B1ms', tier: 'Burstable' }

@allowed(['Disabled', 'ZoneRedundant', 'SameZone'])
param postgresHighAvailability string = 'Disabled'

@secure()
@minLength(16)
@description('Letters, digits, - and _: it stands in an address.')
param postgresPassword string

@secure()
@minLength(50)
param secretKey string

@secure()
@minLength(32)
param apiToken string

var suffix = uniqueString(resourceGroup().id)
var keyVaultSecretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: '${name}-app'
}

// --- Network: the database has no public address; the app reaches it, and the vault, through its subnet. -------------
resource network 'Microsoft.Network/virtualNetworks@2023-11-01' = {
  name: '${name}-network'
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.20.1.0/26'
          delegations: [{ name: 'app', properties: { serviceName: 'Microsoft.Web/serverFarms' } }]
          serviceEndpoints: [{ service: 'Microsoft.KeyVault' }]
        }
      }
      {
        name: 'database'
        properties: {
          addressPrefix: '10.20.2.0/28'
          delegations: [{ name: 'database', properties: { serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers' } }]
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = { name: 'app' }
  resource databaseSubnet 'subnets' existing = { name: 'database' }
}

resource databaseZone 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: '${name}.private.postgres.database.azure.com'
  location: 'global'

  resource link 'virtualNetworkLinks' = {
    name: 'network'
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
}

// --- Database ---------------------------------------------------------------------------------------------------------
resource postgres 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: '${name}-${suffix}'
  location: location
  sku: postgresSku
  dependsOn: [databaseZone::link]
  properties: {
    version: '16'
    administratorLogin: 'apron'
    administratorLoginPassword: postgresPassword
    storage: { storageSizeGB: 32, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' }
    highAvailability: { mode: postgresHighAvailability }
    network: {
      delegatedSubnetResourceId: network::databaseSubnet.id
      privateDnsZoneArmResourceId: databaseZone.id
    }
  }

  resource database 'databases' = {
    name: 'apron'
    properties: { charset: 'UTF8', collation: 'en_US.utf8' }
  }
}

// --- Secrets: the app reads them by reference; who may, is said by a role. -------------------------------------------
resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  // checkov:skip=CKV_AZURE_189:The firewall below denies all but the app's subnet; the public name is what its service endpoint uses.
  name: '${name}-${suffix}'
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    networkAcls: {
      defaultAction: 'Deny'
      bypass: 'AzureServices'
      virtualNetworkRules: [{ id: network::appSubnet.id }]
    }
  }
}

var secrets = [
  { name: 'secret-key', value: secretKey }
  { name: 'api-token', value: apiToken }
  {
    name: 'database-url'
    value: 'postgres://apron:${postgresPassword}@${postgres.properties.fullyQualifiedDomainName}:5432/apron?sslmode=require'
  }
]

@batchSize(1)
resource vaultSecrets 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = [for secret in secrets: {
  // checkov:skip=CKV_AZURE_41:They are changed by a run of the pipeline with new values; an expiry would stop the app instead.
  parent: vault
  name: secret.name
  properties: { value: secret.value, contentType: 'text/plain' }
}]

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: keyVaultSecretsUser
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// --- Logs and plan --------------------------------------------------------------------------------------------------
resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30 }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  // checkov:skip=CKV_AZURE_212:The number of instances is a parameter: 1 for dev, 2 for prod.
  // checkov:skip=CKV_AZURE_225:Zone redundancy needs three instances of a Premium plan.
  name: '${name}-plan'
  location: location
  kind: 'linux'
  sku: { name: planSku, capacity: planInstances }
  properties: { reserved: true }
}
